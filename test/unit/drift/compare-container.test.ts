import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type {
  ContainerSpec,
  HealthcheckSpec,
  MountSpec,
  SharedVolumes,
} from '../../../src/model/container.ts';
import type { DriftValue } from '../../../src/model/drift.ts';
import type { ImageDefaults } from '../../../src/model/observation.ts';
import { compareImmutable, compareResources } from '../../../src/drift/compare-container.ts';
import { expectedContainer } from '../../../src/drift/expected-container.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { aContainer } from '../../support/builders.ts';
import { containerTable } from '../../support/container-table.ts';

type Facts = Partial<ContainerSpec>;
type Row = readonly [
  path: string,
  desired: Facts,
  observed: Facts,
  from: DriftValue,
  to: DriftValue,
];

function check(facts: Partial<HealthcheckSpec> = {}): HealthcheckSpec {
  return {
    test: ['CMD', 'ready'],
    intervalMs: null,
    timeoutMs: null,
    startPeriodMs: null,
    startIntervalMs: null,
    retries: null,
    ...facts,
  };
}

function volume(source: string, readOnly = false): MountSpec {
  return { type: 'volume', source, target: '/data', readOnly, noCopy: false };
}

function mountsOf(from: string): readonly SharedVolumes[] {
  return [{ from, readOnly: true }];
}

function published(port: string, hostIp = ''): Facts {
  return { ports: [{ target: 80, protocol: 'tcp', hostIp, published: port }] };
}

describe('compareImmutable()', () => {
  const rows: readonly Row[] = [
    ['volumes_from', { shares: { volumes: mountsOf('db') } }, {}, ['db:ro'], []],
    ['volumes_from', {}, { shares: { volumes: mountsOf('abc') } }, [], ['abc:ro']],
    ['command', { command: ['a'] }, { command: ['a', 'b'] }, ['a'], ['a', 'b']],
    ['entrypoint', { entrypoint: ['/a'] }, { entrypoint: ['/b'] }, ['/a'], ['/b']],
    ['environment.A', { environment: { A: '1' } }, { environment: { A: '2' } }, '1', '2'],
    ['environment.B', {}, { environment: { B: '2' } }, null, '2'],
    ['environment.C', { environment: { C: null } }, { environment: { C: '' } }, null, ''],
    ['labels.team', { labels: { team: 'a' } }, { labels: { team: 'b' } }, 'a', 'b'],
    ['labels.gone', { labels: { gone: 'a' } }, {}, 'a', null],
    ['user', { user: '1000' }, { user: 'root' }, '1000', 'root'],
    ['working_dir', { workingDir: '/a' }, { workingDir: '/b' }, '/a', '/b'],
    ['hostname', { hostname: 'a' }, { hostname: 'b' }, 'a', 'b'],
    ['init', { init: true }, { init: false }, true, false],
    ['read_only', { readOnly: true }, {}, true, false],
    ['cap_add', {}, { capAdd: ['CAP_SYS_ADMIN'] }, [], ['CAP_SYS_ADMIN']],
    ['cap_drop', { capDrop: ['ALL'] }, {}, ['ALL'], []],
    [
      'security_opt',
      { securityOpt: ['no-new-privileges'] },
      { securityOpt: [] },
      ['no-new-privileges'],
      [],
    ],
    [
      'healthcheck.test',
      { healthcheck: check() },
      { healthcheck: check({ test: ['CMD', 'x'] }) },
      ['CMD', 'ready'],
      ['CMD', 'x'],
    ],
    [
      'healthcheck.interval',
      { healthcheck: check({ intervalMs: 9_000 }) },
      { healthcheck: check() },
      9_000,
      30_000,
    ],
    [
      'healthcheck.timeout',
      { healthcheck: check() },
      { healthcheck: check({ timeoutMs: 9_000 }) },
      30_000,
      9_000,
    ],
    [
      'healthcheck.start_period',
      { healthcheck: check({ startPeriodMs: 5 }) },
      { healthcheck: check() },
      5,
      0,
    ],
    [
      'healthcheck.start_interval',
      { healthcheck: check({ startIntervalMs: 5_000 }) },
      { healthcheck: check() },
      5_000,
      null,
    ],
    ['healthcheck.retries', { healthcheck: check({ retries: 5 }) }, { healthcheck: check() }, 5, 3],
    ['ports', published('8080'), published('8081'), ['8080:80/tcp'], ['8081:80/tcp']],
    ['ports', published('8080'), {}, ['8080:80/tcp'], []],
    ['ports', {}, published('8081'), [], ['8081:80/tcp']],
    ['ports', published('80', '10.0.0.1'), published('80'), ['10.0.0.1:80:80/tcp'], ['80:80/tcp']],
    ['volumes', { mounts: [volume('a')] }, { mounts: [volume('b')] }, ['a:/data'], ['b:/data']],
    [
      'volumes',
      { mounts: [volume('a', true)] },
      { mounts: [volume('a')] },
      ['a:/data:ro'],
      ['a:/data'],
    ],
    [
      'volumes',
      {},
      {
        mounts: [
          {
            type: 'bind',
            source: '/',
            target: '/host',
            readOnly: false,
            createHostPath: false,
            propagation: '',
          },
        ],
      },
      [],
      ['/:/host'],
    ],
    ['stop_signal', { stopSignal: 'SIGINT' }, { stopSignal: 'SIGTERM' }, 'INT', 'TERM'],
  ];

  it.each(rows)('reports %s with both values', (path, wanted, found, desired, observed) => {
    expect(compareImmutable(aContainer(wanted), aContainer(found), noDefaults)).toEqual([
      { path, desired, observed },
    ]);
  });

  const same: readonly (readonly [string, Facts, Facts])[] = [
    ['a host name that is not asked for', {}, { hostname: 'c0ffee' }],
    ['an init that is not asked for', {}, { init: true }],
    ['a stop signal by number', { stopSignal: '15' }, { stopSignal: 'SIGTERM' }],
    ['a stop signal without its prefix', { stopSignal: 'term' }, { stopSignal: 'SIGTERM' }],
    ['a grace period that is not asked for', {}, { stopGraceMs: 3_000 }],
    ['a label of another tool', {}, { labels: { 'org.other': 'x' } }],
    ['our own labels', {}, { labels: { 'fleetwright.app': 'shop' } }],
    ['a disabled check and none', { healthcheck: check({ test: ['NONE'] }) }, {}],
    [
      "a check with the engine's defaults",
      { healthcheck: check() },
      { healthcheck: check({ retries: 3, intervalMs: 30_000 }) },
    ],
    ['all addresses', published('80'), published('80', '0.0.0.0')],
    ["a free port for the gate's probe", {}, published('')],
    ['an anonymous volume of the image', {}, { mounts: [volume('')] }],
    ['networks, which are compared elsewhere', {}, { networks: [{ network: 'a', aliases: [] }] }],
  ];

  it.each(same)('reports nothing for %s', (_name, wanted, found) => {
    expect(compareImmutable(aContainer(wanted), aContainer(found), noDefaults)).toEqual([]);
  });

  it("takes a changed value back to the image's default for drift", () => {
    const image = { ...noDefaults, environment: { LANG: 'C' }, user: 'app' };
    const found = aContainer({ environment: { LANG: 'de' }, user: 'root' });

    expect(compareImmutable(aContainer(), found, image)).toEqual([
      { path: 'environment.LANG', desired: 'C', observed: 'de' },
      { path: 'user', desired: 'app', observed: 'root' },
    ]);
  });
});

describe('compareResources()', () => {
  const none = aContainer().resources;

  it.each([
    ['deploy.resources.limits.memory', { memoryBytes: 64 }, 64],
    ['deploy.resources.limits.cpus', { nanoCpus: 5 }, 5],
    ['deploy.resources.limits.pids', { pids: 7 }, 7],
    ['deploy.resources.reservations.memory', { memoryReservationBytes: 32 }, 32],
    ['cpu_shares', { cpuShares: 512 }, 512],
    ['cpuset', { cpuset: '0-1' }, '0-1'],
    ['cpu_period', { cpuPeriod: 50_000 }, 50_000],
  ])('reports %s in both directions', (path, change, value) => {
    const limited = { ...none, ...change };

    expect(compareResources(limited, none)).toEqual([{ path, desired: value, observed: null }]);
    expect(compareResources(none, limited)).toEqual([{ path, desired: null, observed: value }]);
    expect(compareResources(limited, limited)).toEqual([]);
  });
});

describe('compareResources() takes no notice of', () => {
  const none = aContainer().resources;

  it.each([
    ['a limit of swap that the engine chose', {}, { memorySwapBytes: 9 }],
    ['a host without accounting of swap', { memorySwapBytes: 9 }, { memorySwapBytes: -1 }],
    ['a kernel that knows no weights', { blockWeight: 300 }, {}],
  ])('%s', (_name, desired, observed) => {
    expect(compareResources({ ...none, ...desired }, { ...none, ...observed })).toEqual([]);
  });
});

describe('a container compared with what the engine makes of its own spec', () => {
  const word = fc.stringMatching(/^[a-z0-9/._-]{1,8}$/);
  const words = fc.array(word, { maxLength: 3 });
  const timing = fc.option(fc.integer({ min: 1, max: 60_000 }));
  const healthcheck = fc.record({
    test: fc.constantFrom(null, ['NONE'], ['CMD', 'ready'], ['CMD-SHELL', 'ready || exit 1']),
    intervalMs: timing,
    timeoutMs: timing,
    startPeriodMs: timing,
    startIntervalMs: timing,
    retries: timing,
  });
  const specs: fc.Arbitrary<ContainerSpec> = fc
    .record({
      row: fc.constantFrom(...containerTable),
      command: fc.option(words),
      entrypoint: fc.option(words),
      environment: fc.dictionary(word, fc.option(word), { maxKeys: 3 }),
      labels: fc.dictionary(word, word, { maxKeys: 3 }),
      user: fc.option(word),
      workingDir: fc.option(fc.constantFrom('/a', '/a/b', '/')),
      stopSignal: fc.option(fc.constantFrom('SIGTERM', 'INT', '9')),
      healthcheck: fc.option(healthcheck),
    })
    .map(({ row, ...facts }) => aContainer({ ...facts, ...row.spec }));
  const images: fc.Arbitrary<ImageDefaults> = fc.record({
    command: fc.option(words),
    entrypoint: fc.option(words),
    environment: fc.dictionary(word, word, { maxKeys: 3 }),
    labels: fc.dictionary(word, word, { maxKeys: 3 }),
    user: fc.constantFrom('', 'app', '1000:1000'),
    workingDir: fc.constantFrom('', '/srv', '/srv/'),
    healthcheck: fc.option(healthcheck),
    expose: fc.subarray(['80/tcp', '53/udp']),
    volumes: fc.subarray(['/data']),
    stopSignal: fc.constantFrom('', 'SIGQUIT', '15'),
  });

  it('differs in nothing (law)', () => {
    fc.assert(
      fc.property(specs, images, (spec, image) => {
        const made = expectedContainer(spec, image);

        expect(compareImmutable(spec, made, image)).toEqual([]);
        expect(compareResources(spec.resources, made.resources)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
