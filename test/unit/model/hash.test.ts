import { describe, expect, it } from 'vitest';

import type { Gate } from '../../../src/model/application.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import { gatePort, hashContainer, hashJob, hashSchema } from '../../../src/model/hash.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { aContainer, aService } from '../../support/builders.ts';

const { gate } = aService();
const http: Gate = {
  ...gate,
  probe: { kind: 'http', port: 8080, path: '/ready', intervalMs: 250, timeoutMs: 1_000 },
};

/** Every field set once. */
const full = aContainer({
  image: 'registry.example.com/shop/web:2.4.1',
  command: ['serve', '--port', '8080'],
  entrypoint: ['/init'],
  environment: { LOG_LEVEL: 'info', EMPTY: '', GONE: null },
  labels: { team: 'shop' },
  user: '1000:1000',
  workingDir: '/srv',
  hostname: 'web',
  init: true,
  readOnly: true,
  capAdd: ['CAP_NET_ADMIN'],
  capDrop: ['ALL'],
  securityOpt: ['no-new-privileges'],
  healthcheck: {
    test: ['CMD', 'ready'],
    intervalMs: 1_500,
    timeoutMs: 800,
    startPeriodMs: 200,
    startIntervalMs: null,
    retries: 4,
  },
  ports: [{ target: 80, protocol: 'tcp', hostIp: '127.0.0.1', published: '8080' }],
  expose: ['7000/tcp'],
  mounts: [
    { type: 'volume', source: 'shop_data', target: '/data', readOnly: false, noCopy: true },
    { type: 'tmpfs', target: '/tmp', readOnly: false, sizeBytes: 1_048_576, mode: 0o1777 },
  ],
  networks: [{ network: 'shop_front', aliases: ['web'] }],
  files: [{ target: '/etc/app.conf', content: 'YQ==', mode: 0o440, uid: 5, gid: 6 }],
  stopSignal: 'SIGINT',
  stopGraceMs: 3_000,
  resources: {
    memoryBytes: 67_108_864,
    memoryReservationBytes: 33_554_432,
    nanoCpus: 250_000_000,
    pids: 64,
  },
});

/** One setting of each shape, and the limits that change in place. */
const later = aContainer({
  annotations: { a: 'b' },
  devices: [{ source: '/dev/a', target: '/dev/b', permissions: 'r' }],
  dns: ['10.0.0.53'],
  logging: { driver: 'local', options: { 'max-size': '1m' } },
  privileged: true,
  shmBytes: 67_108_864,
  ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
  networks: [{ network: 'shop_front', aliases: ['web'], ipv4Address: '10.9.0.7' }],
  resources: { ...full.resources, cpuShares: 512, cpuset: '0-1', memorySwapBytes: -1 },
});

describe('hashContainer()', () => {
  // These stand on containers out there. A release that changes one of them recreates every instance of every fleet:
  // take the next hashSchema instead, and keep reading this one.
  it.each([
    [
      'the smallest container',
      aContainer(),
      gate,
      'b444de5846f135319b215e282e4dadd624ef670ed794307772ff2fd136418285',
    ],
    ['every field', full, gate, '382811d9314a4ce7905eb2411126ade225fe0de9185fc8268d1a1e3c3b3f9194'],
    ['later keys', later, gate, 'a7c6fb59128e1c4991a3c8aed07b8d2fc77907bbad4845c037fcee4763c55c72'],
    [
      'a gate that needs a port',
      full,
      http,
      'e0b7cc37c6c665985155e09644f8a5c3bcb7061beb4d2b33143ae89cccc24bd4',
    ],
  ])('is for %s what it has always been', (_name, spec, ofGate, golden) => {
    expect(hashSchema).toBe(1);
    expect(hashContainer(spec, ofGate)).toBe(golden);
  });

  const other: Required<Omit<ContainerSpec, 'restart' | keyof Settings>> = {
    ...aContainer(),
    image: 'testapp:other',
    command: ['other'],
    entrypoint: ['/other'],
    environment: { LOG_LEVEL: 'debug' },
    labels: { team: 'other' },
    user: 'other',
    workingDir: '/other',
    hostname: 'other',
    init: false,
    readOnly: false,
    capAdd: [],
    capDrop: [],
    securityOpt: [],
    healthcheck: null,
    ports: [],
    expose: [],
    mounts: [],
    networks: [],
    files: [],
    stopSignal: null,
    stopGraceMs: null,
  };

  it.each(Object.keys(other).filter((key) => key !== 'restart'))('covers %s', (key) => {
    const changed = { ...full, [key]: other[key as keyof typeof other] };

    expect(hashContainer(changed, gate)).not.toBe(hashContainer(full, gate));
  });

  it.each([
    ['another value', { cpuShares: 256, cpuset: '1' }, true],
    ['none of it', { cpuShares: 256 }, false],
  ])('covers of a limit that changes in place only that it is there: %s', (_name, live, isSame) => {
    const before = { ...full, resources: { ...full.resources, cpuShares: 512, cpuset: '0' } };
    const after = { ...full, resources: { ...full.resources, ...live } };

    expect(hashContainer(after, gate) === hashContainer(before, gate)).toBe(isSame);
  });

  it('leaves out the restart policy, which is the mark of promotion', () => {
    const restarted = { ...full, restart: { name: 'always', maximumRetryCount: 0 } } as const;

    expect(hashContainer(restarted, gate)).toBe(hashContainer(full, gate));
  });

  it('leaves out the times of the gate', () => {
    const patient = { ...gate, minHealthyTimeMs: 9, healthyDeadlineMs: 99 };

    expect(hashContainer(full, patient)).toBe(hashContainer(full, gate));
  });

  it('does not depend on the order in which a spec was put together', () => {
    const reversed = Object.fromEntries(Object.entries(full).toReversed()) as unknown;

    expect(hashContainer(reversed as ContainerSpec, gate)).toBe(hashContainer(full, gate));
  });
});

describe('hashJob()', () => {
  const own = hashContainer(aContainer(), gate);
  const web = hashContainer(full, gate);

  // As above: another value runs the jobs of every application once more.
  it('is what it has always been', () => {
    expect(hashJob(own, { web })).toBe(
      'e37f7712960356e84ef103dc39edc470addf09505a21a7d1f5436f1e38572743',
    );
  });

  it.each([
    ['its own container', hashJob(web, { web })],
    ['a service', hashJob(own, { web: own })],
    ['one more service', hashJob(own, { web, api: web })],
    ['one service less', hashJob(own, {})],
    ['the name of a service', hashJob(own, { api: web })],
  ])('covers %s', (_name, changed) => {
    expect(changed).not.toBe(hashJob(own, { web }));
  });

  it('does not depend on the order of the services', () => {
    expect(hashJob(own, { web, api: own })).toBe(hashJob(own, { api: own, web }));
  });
});

describe('gatePort()', () => {
  it.each([
    ['no probe', full, gate, null],
    [
      'a port that is not published',
      full,
      http,
      { target: 8080, protocol: 'tcp', hostIp: '', published: '' },
    ],
    [
      'a port that is published',
      aContainer({ ports: [{ target: 8080, protocol: 'tcp', hostIp: '', published: '80' }] }),
      http,
      null,
    ],
    [
      'a port that is published for UDP',
      aContainer({ ports: [{ target: 8080, protocol: 'udp', hostIp: '', published: '80' }] }),
      http,
      { target: 8080, protocol: 'tcp', hostIp: '', published: '' },
    ],
  ] as const)('with %s', (_name, spec, ofGate, expected) => {
    expect(gatePort(spec, ofGate)).toEqual(expected);
  });
});
