import { describe, expect, it } from 'vitest';

import type { Dependency, Gate } from '../../../src/model/application.ts';
import type { ContainerSpec, FileSpec } from '../../../src/model/container.ts';
import {
  gatePort,
  hashContainer,
  hashJob,
  hashSchema,
  liveDigest,
  withCombinedHashes,
} from '../../../src/model/hash.ts';
import type { SpecHash } from '../../../src/model/names.ts';
import { hashBySchema1 } from '../../../src/model/older-hashes.ts';
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

const swap = (memorySwapBytes: number): string =>
  hashContainer({ ...full, resources: { ...full.resources, memorySwapBytes } }, gate);

describe('hashContainer()', () => {
  // These stand on containers out there. A release that changes one of them recreates every instance of every fleet:
  // take the next hashSchema instead, and keep reading this one.
  it.each([
    [
      'the smallest container',
      aContainer(),
      gate,
      '073dc83ccd349d689d143eda6e49f2c2c58ca0a9cb2276d1adc3ed6a849420f0',
    ],
    ['every field', full, gate, 'd18f08e0817b84849e419ee3d3d45bb51ee7b8ae7ecc775e1c3a744b2a021427'],
    ['later keys', later, gate, '2a724086b9eab4879a339eee13b57ede58380ddb0716d6696be0a267a306320b'],
    [
      'a gate that needs a port',
      full,
      http,
      'e65c4065d32ffcbcee80e49a0ebe3541744acb53b811c360b8e250536480f327',
    ],
  ])('is for %s what it has always been', (_name, spec, ofGate, golden) => {
    expect(hashSchema).toBe(2);
    expect(hashContainer(spec, ofGate)).toBe(golden);
  });

  const other: Required<
    Omit<ContainerSpec, 'restart' | 'stopGraceMs' | 'resources' | keyof Settings>
  > = {
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
    fileMounts: [{ target: '/a', kind: 'folder', readOnly: true, files: [] }],
    stopSignal: null,
    shares: { network: 'vpn' },
  };

  it.each(Object.keys(other))('covers %s', (key) => {
    const changed = { ...full, [key]: other[key as keyof typeof other] };

    expect(hashContainer(changed, gate)).not.toBe(hashContainer(full, gate));
  });

  const { memoryBytes: _memory, ...unbounded } = full.resources;
  const addressed = { network: 'shop_front', aliases: ['web'], ipv4Address: '10.9.0.7' };

  it.each<[string, Partial<ContainerSpec>, boolean]>([
    ['another limit', { resources: { ...full.resources, memoryBytes: 1, nanoCpus: 2 } }, true],
    ['no limit', { resources: { ...unbounded, memoryBytes: null } }, false],
    ['a limit more', { resources: { ...full.resources, cpuShares: 512 } }, false],
    ['no limit on processes', { resources: { ...full.resources, pids: null } }, true],
    ['a limit of swap', { resources: { ...full.resources, memorySwapBytes: 1 } }, false],
    ['another time to stop', { stopGraceMs: 9_000 }, true],
    ['another alias', { networks: [{ network: 'shop_front', aliases: ['other'] }] }, true],
    ['a network more', { networks: [...full.networks, { network: 'z', aliases: [] }] }, true],
    ['another first network', { networks: [{ network: 'a', aliases: ['web'] }] }, false],
    ['an address', { networks: [addressed] }, false],
  ])('tells what must be replaced from what changes in place: %s', (_name, change, isSame) => {
    const after = { ...full, ...change };

    expect(hashContainer(after, gate) === hashContainer(full, gate)).toBe(isSame);
    if (isSame && change.stopGraceMs === undefined) {
      expect(liveDigest(after)).not.toBe(liveDigest(full));
    }
  });

  it.each<[string, Partial<FileSpec>, boolean]>([
    ['another content', { content: 'dHdv' }, true],
    ['another signal', { onChange: { kind: 'signal', signal: 'SIGUSR1' } }, true],
    ['another mode', { mode: 0o600 }, false],
    ['another owner', { uid: 7 }, false],
    ['another target', { target: '/b' }, false],
    ['a restart', { onChange: { kind: 'restart' } }, false],
  ])('tells what a running container takes in of a file: %s', (_name, change, isSame) => {
    const onChange = { kind: 'signal', signal: 'SIGHUP' } as const;
    const file = { target: '/a', content: 'b25l', mode: 0o644, uid: 0, gid: 0, onChange };
    const before = { ...full, files: [file] };
    const after = { ...full, files: [{ ...file, ...change }] };

    expect(hashContainer(after, gate) === hashContainer(before, gate)).toBe(isSame);
    expect(liveDigest(after) === liveDigest(before)).toBe(
      change.content === undefined && change.target === undefined,
    );
  });

  it('covers whether swap has a bound, and not which', () => {
    expect(swap(1)).toBe(swap(2));
    expect(swap(1)).not.toBe(swap(-1));
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

describe('hashBySchema1()', () => {
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
  ])('is for %s what the first releases wrote', (_name, spec, ofGate, golden) => {
    expect(hashBySchema1(spec, ofGate)).toBe(golden);
  });
});

describe('hashJob()', () => {
  const own = hashContainer(aContainer(), gate);
  const web = hashContainer(full, gate);

  // As above: another value runs the jobs of every application once more.
  it('is what it has always been', () => {
    expect(hashJob(own, { web })).toBe(
      '10a0a271e7fa49c20836de5a6f78d73c88ae86c84db00d17f9f536d197d7fecc',
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

/** Hashes of three services that depend on each other, by name. */
function hashes(
  dependsOn: Readonly<Record<string, readonly Dependency[]>>,
  images: Readonly<Record<string, string>> = {},
): Readonly<Record<string, SpecHash>> {
  const services = ['db', 'api', 'web'].map((name) => {
    const image = images[name] ?? 'testapp:v1';
    return aService({ name, container: { image }, dependsOn: dependsOn[name] ?? [] });
  });
  return Object.fromEntries(withCombinedHashes(services).map(({ name, hash }) => [name, hash]));
}

describe('withCombinedHashes()', () => {
  const restart = true as const;
  const on = (service: string, kind: { readonly restart?: true } = { restart }): Dependency => {
    return { service, condition: 'started', required: true, ...kind };
  };

  const chain = { api: [on('db')], web: [on('api')] };
  const db2 = { db: 'testapp:v2' };

  it('leaves those alone that follow nobody', () => {
    expect(hashes({ api: [on('db', {})] })).toEqual(hashes({}));
    expect(hashes({ api: [on('db')] })['db']).toBe(hashes({})['db']);
  });

  // As above: another value replaces every instance that is restarted with another service.
  it('is what it has always been', () => {
    expect(hashes(chain)['web']).toBe(
      'ce6d2dc91e9a07cf1d5878e2dec9adf3f2bef7d9ef21c1f3c933b4b472bb6044',
    );
  });

  it('makes another version of all that follow, one after the other', () => {
    const [before, after] = [hashes(chain), hashes(chain, db2)];
    expect(after['api']).not.toBe(before['api']);
    expect(after['web']).not.toBe(before['web']);
    expect(hashes(chain, { web: 'testapp:v2' })['api']).toBe(before['api']);
  });

  it('does not follow what is not there', () => {
    expect(hashes({ api: [on('nobody')] })).toEqual(hashes({}));
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
