import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import { actionOf, assessInstance } from '../../../src/drift/assess-instance.ts';
import type { Difference } from '../../../src/drift/assess-instance.ts';
import { liveStamps } from '../../../src/model/file-stamps.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { anInstance, aService, type ServiceFacts } from '../../support/builders.ts';

const limits = {
  memoryBytes: 64,
  memoryReservationBytes: null,
  nanoCpus: null,
  pids: null,
} as const;

function assess(
  facts: ServiceFacts,
  change: (container: ObservedContainer) => Partial<ObservedContainer>,
): readonly Difference[] {
  const service: ServiceSpec = aService(facts);
  const { container, ...instance } = anInstance(service);
  const changed = { ...container, ...change(container) };
  return assessInstance({ ...instance, container: changed }, service, noDefaults);
}

describe('assessInstance() on the state', () => {
  it('finds nothing in an instance that is as it was made', () => {
    expect(assess({ container: { resources: limits } }, () => ({}))).toEqual([]);
  });

  it.each([
    ['unhealthy', { health: 'unhealthy' }, 'none'],
    ['crash-loop', { state: 'restarting' }, 'none'],
    ['paused', { state: 'paused' }, 'unpause'],
    ['stopped', { state: 'exited' }, 'start'],
    ['stopped', { state: 'created' }, 'start'],
    ['missing', { state: 'dead' }, 'replace'],
    ['missing', { state: 'removing' }, 'replace'],
  ] as const)('calls it %s when it is %j', (name, change, remedy) => {
    const found = assess({}, () => change);

    expect(found).toMatchObject([{ class: name, remedy: { kind: remedy } }]);
  });

  it.each([
    [0, []],
    [1, [{ class: 'stopped', remedy: { kind: 'none' } }]],
  ])('judges an exit with code %i of one that is not to be restarted', (exitCode, expected) => {
    const restart = { name: 'no', maximumRetryCount: 0 } as const;

    const found = assess({ container: { restart } }, () => ({ state: 'exited', exitCode }));

    expect(found).toMatchObject(expected);
  });
});

describe('assessInstance() on what can be put back in place', () => {
  it('finds a limit that was changed', () => {
    const found = assess({ container: { resources: limits } }, ({ spec }) => ({
      spec: { ...spec, resources: { ...limits, memoryBytes: 128 } },
    }));

    expect(found).toMatchObject([
      {
        class: 'mutable-field',
        path: 'deploy.resources.limits.memory',
        desired: 64,
        observed: 128,
        remedy: { kind: 'update-resources' },
      },
    ]);
  });

  it('replaces for a limit that must go, which no engine can lift', () => {
    const found = assess({}, ({ spec }) => ({ spec: { ...spec, resources: limits } }));

    expect(found).toMatchObject([{ desired: null, observed: 64, remedy: { kind: 'replace' } }]);
  });

  it.each([
    ['cpu_shares', { cpuShares: 512 }, { cpuShares: 256 }, 'update-resources'],
    ['cpuset', { cpuset: '0' }, { cpuset: '1' }, 'update-resources'],
    ['memswap_limit', { memorySwapBytes: 128 }, { memorySwapBytes: 256 }, 'update-resources'],
    ['blkio_config.weight', { blockWeight: 20 }, { blockWeight: 30 }, 'update-resources'],
    ['cpu_shares', {}, { cpuShares: 256 }, 'replace'],
    ['cpuset', {}, { cpuset: '1' }, 'replace'],
    ['blkio_config.weight', {}, { blockWeight: 30 }, 'replace'],
  ] as const)('%s from %o to %o: %s', (path, desired, observed, kind) => {
    const found = assess({ container: { resources: { ...limits, ...desired } } }, ({ spec }) => ({
      spec: { ...spec, resources: { ...limits, ...observed } },
    }));

    expect(found).toMatchObject([{ class: 'mutable-field', path, remedy: { kind } }]);
  });

  it('lifts a limit on pids in place, which engines can', () => {
    const found = assess({}, ({ spec }) => ({
      spec: { ...spec, resources: { ...limits, memoryBytes: null, pids: 64 } },
    }));

    expect(found).toMatchObject([{ desired: null, remedy: { kind: 'update-resources' } }]);
  });

  it.each([
    ['always', [{ path: 'restart', desired: 'unless-stopped', observed: 'always' }]],
    ['no', []],
  ] as const)('judges the restart policy "%s"', (name, expected) => {
    const found = assess({}, () => ({ restart: { name, maximumRetryCount: 0 } }));

    expect(found).toMatchObject(expected);
  });

  it.each([
    ['is detached', [], null],
    ['has lost an alias', [{ network: 'shop_front', aliases: ['web'] }], ['web']],
  ])('connects a network again that %s', (_name, networks, observed) => {
    const wanted = { network: 'shop_front', aliases: ['api', 'web'] };

    const found = assess({ container: { networks: [wanted] } }, ({ spec }) => ({
      spec: { ...spec, networks },
    }));

    expect(found).toMatchObject([
      {
        class: 'network',
        path: 'networks.front',
        desired: ['api', 'web'],
        observed,
        remedy: { kind: 'connect', attachment: wanted },
      },
    ]);
  });

  it.each([
    ['address', { ipv4Address: '10.9.0.7' }, { ipv4Address: '10.9.0.8' }, 'ipv4Address 10.9.0.8'],
    ['priority', { gatewayPriority: 2 }, { gatewayPriority: 1 }, 'gatewayPriority 1'],
  ])('connects a network again that gives another %s', (_name, asked, there, observed) => {
    const network = { network: 'shop_front', aliases: ['web'] };

    const found = assess({ container: { networks: [{ ...network, ...asked }] } }, ({ spec }) => ({
      spec: { ...spec, networks: [{ ...network, ...there }] },
    }));

    expect(found).toMatchObject([{ observed: ['web', observed], remedy: { kind: 'connect' } }]);
  });

  it('leaves what a network chooses to itself', () => {
    const network = { network: 'shop_front', aliases: ['web'] };
    const chosen = { ...network, ipv4Address: '10.9.0.8', driverOptions: { a: 'b' } };

    const found = assess({ container: { networks: [network] } }, ({ spec }) => ({
      spec: { ...spec, networks: [chosen] },
    }));

    expect(found).toEqual([]);
  });

  it('leaves a network alone that someone attached', () => {
    const extra = { network: 'debug', aliases: [] };

    expect(assess({}, ({ spec }) => ({ spec: { ...spec, networks: [extra] } }))).toEqual([]);
  });

  it('takes it off a network of its own application that nobody asks for', () => {
    const extra = { network: 'shop_back', aliases: ['web'] };

    expect(assess({}, ({ spec }) => ({ spec: { ...spec, networks: [extra] } }))).toMatchObject([
      {
        class: 'network',
        path: 'networks.back',
        desired: null,
        observed: ['web'],
        remedy: { kind: 'disconnect', network: 'shop_back' },
      },
    ]);
  });

  it('connects it again without aliases that nobody asks for', () => {
    const wanted = { network: 'shop_front', aliases: ['web'] };
    const there = { ...wanted, aliases: ['other', 'web'] };

    const found = assess({ container: { networks: [wanted] } }, ({ spec }) => ({
      spec: { ...spec, networks: [there] },
    }));

    expect(found).toMatchObject([{ observed: ['other', 'web'], remedy: { kind: 'connect' } }]);
  });

  it.each([
    ['another MAC address', '02:42:ac:11:65:44', ['replace']],
    ['the MAC address that was asked for', '02:42:ac:11:65:43', []],
    ['none, while it does not run', undefined, []],
  ])('sees %s', (_name, macAddress, remedies) => {
    const network = { network: 'shop_front', aliases: ['web'] };
    const asked = { ...network, macAddress: '02:42:ac:11:65:43' };
    const there = macAddress === undefined ? network : { ...network, macAddress };

    const found = assess({ container: { networks: [asked] } }, ({ spec }) => ({
      spec: { ...spec, networks: [there] },
    }));

    expect(found.map(({ remedy }) => remedy.kind)).toEqual(remedies);
  });

  it('gives a renamed instance its name back', () => {
    const service = aService();
    const instance = anInstance(service, {}, { name: 'other' });

    const found = assessInstance({ ...instance, renamed: true }, service, noDefaults);

    const to = anInstance(service).container.name;
    expect(found).toMatchObject([{ class: 'renamed', observed: 'other', remedy: { to } }]);
  });
});

describe('assessInstance() on what only a create can set', () => {
  const service = aService();
  const { container, ...instance } = anInstance(service);
  const changed = { ...container, spec: { ...container.spec, user: 'root' } };

  it('replaces an instance that someone else made', () => {
    const found = assessInstance(
      { ...instance, known: false, container: changed },
      service,
      noDefaults,
    );

    expect(found).toMatchObject([
      { class: 'immutable-field', path: 'user', desired: null, observed: 'root' },
    ]);
    expect(found.map(({ remedy }) => actionOf(remedy))).toEqual(['replace']);
  });

  it('does not ask what cannot have changed since its own create', () => {
    expect(assessInstance({ ...instance, container: changed }, service, noDefaults)).toEqual([]);
  });

  it('does not judge inherited fields without the image', () => {
    const unknown = { ...instance, known: false, container: changed };

    expect(assessInstance(unknown, service, null)).toEqual([]);
  });
});

describe('actionOf()', () => {
  it.each([
    ['none', 'report'],
    ['replace', 'replace'],
    ['start', 'heal'],
  ] as const)('makes of the remedy %s the action %s', (kind, action) => {
    expect(actionOf({ kind })).toBe(action);
  });
});

describe('assessInstance() on files that it takes in while it runs', () => {
  const content = 'b25l';
  const file = { target: '/a', content, mode: 0o644, uid: 0, gid: 0 };
  const service = aService({
    container: { files: [{ ...file, onChange: { kind: 'signal', signal: 'SIGUSR1' } }] },
  });
  const told = liveStamps(service.container);
  const stamp = told['/a'] ?? '';
  const assessTold = (facts: Partial<ObservedContainer>): readonly Difference[] => {
    const { container, ...instance } = anInstance(service);
    const changed = { ...container, ...facts };
    return assessInstance({ ...instance, container: changed }, service, noDefaults);
  };

  it.each<[string, Partial<ObservedContainer>]>([
    ['it was told of them', { told }],
    ['nobody knows what it was told', {}],
    // They were read before it was told.
    ['they are as they should be', { told, altered: { '/a': stamp } }],
  ])('finds nothing when %s', (_name, facts) => {
    expect(assessTold(facts)).toEqual([]);
  });

  it.each<[string, Partial<ObservedContainer>, string]>([
    ['it was told of others', { told: { '/a': '0123456789abcdef' } }, 'content 0123456789ab'],
    ['it was not told yet', { told: { '/a': 'pending' } }, 'pending'],
    [
      'it has the right ones, and was not told',
      { told: { '/a': 'pending' }, altered: { '/a': stamp } },
      'pending',
    ],
    ['somebody altered them', { told, altered: { '/a': 'missing' } }, 'missing'],
  ])('delivers them when %s', (_name, facts, observed) => {
    expect(assessTold(facts)).toEqual([
      {
        class: 'mutable-field',
        path: 'files./a',
        desired: `content ${stamp.slice(0, 12)}`,
        observed,
        remedy: { kind: 'deliver' },
        note: 'it is written anew, and the container gets SIGUSR1',
      },
    ]);
  });

  it('replaces an instance that was altered in what it does not take in', () => {
    const found = assessTold({ told, altered: { '/etc/app': 'evil' } });

    expect(found).toMatchObject([{ path: 'files./etc/app', remedy: { kind: 'replace' } }]);
  });
});
