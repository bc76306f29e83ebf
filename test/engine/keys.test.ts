import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { assessInstance } from '../../src/drift/assess-instance.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import { apiAtLeast } from '../../src/model/api-at-least.ts';
import type { NetworkSpec, ServiceSpec } from '../../src/model/application.ts';
import { familiarReference, findImage } from '../../src/model/image.ts';
import { packTar } from '../../src/sandbox/docker-archive.ts';
import {
  clearObserved,
  act,
  containerOf,
  fleetName,
  launch,
  openTestFleet,
  reachable,
  sandboxHost,
} from '../support/engine-fleet.ts';
import { loadApplication } from '../support/load-files.ts';
import { shellOf } from '../support/sandbox.ts';
import { anIdentity } from '../unit/fleet/builders.ts';

interface Loaded {
  readonly networks: readonly NetworkSpec[];
  readonly service: ServiceSpec;
}

const identity = anIdentity({ fleet: fleetName });
const host = sandboxHost(0);
const image = 'testapp:v1';
let fleet: Fleet;

/** The engine makes it. */
const boundFolder = join(tmpdir(), `fleetwright-keys-${process.pid}`);

beforeAll(async () => {
  fleet = await openTestFleet([host]);
});

afterEach(() => clearObserved(fleet, host));

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await rm(boundFolder, { recursive: true, force: true });
});

/** The application that has one service with these lines. */
function load(lines: readonly string[], after = ''): Loaded {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const manifest = `services:\n  web:\n    image: ${image}\n${own}${after}`;
  const { networks, services } = loadApplication(manifest);
  const [service] = services;
  if (service === undefined) throw new Error('the manifest has no service');
  return { networks, service };
}

async function createNetworks({ networks }: Loaded): Promise<void> {
  for (const network of networks) {
    expect(await act(fleet, host, { kind: 'create-network', network })).toEqual({ kind: 'done' });
  }
}

/** Makes the networks of the application, and an instance of its service. */
async function run(loaded: Loaded): Promise<void> {
  const { service } = loaded;
  await createNetworks(loaded);
  expect(await launch(fleet, host, identity, service)).toEqual({ kind: 'done' });
}

/** What drift says of it, as of a container whose making nobody remembers. */
function differences(service: ServiceSpec): readonly string[] {
  const container = containerOf(fleet, host, identity);
  const defaults = findImage(reachable(fleet, host).images, familiarReference(image))?.defaults;
  if (defaults === undefined) throw new Error(`image "${image}" is not observed`);
  const { hash } = identity;
  const slotKey = 'shop/web/1';
  const instance = { container, identity, hash, slotKey, renamed: false, known: false };
  return assessInstance(instance, service, defaults).map(
    ({ path, desired, observed }) =>
      `${path}: ${JSON.stringify(desired)}, is ${JSON.stringify(observed)}`,
  );
}

const subnet = 'networks: { default: { ipam: { config: [{ subnet: 10.213.0.0/24 }] } } }\n';

describe('right after the start nothing differs from', () => {
  it.each<{ key: string; lines: readonly string[]; after?: string }>([
    { key: 'cap_add', lines: ['cap_add: [net_admin]', 'cap_drop: [ALL]'] },
    { key: 'devices', lines: ['devices: ["/dev/null:/dev/nothing:r", /dev/zero]'] },
    {
      key: 'dns',
      lines: ['dns: [10.0.0.53, 10.0.0.54]', 'dns_opt: [ndots:1]', 'dns_search: [b, a]'],
    },
    { key: 'domainname', lines: ['hostname: web', 'domainname: example.org'] },
    {
      key: 'extra_hosts',
      lines: ['extra_hosts: ["b=::1", "a:10.0.0.7", "gate:host-gateway"]'],
    },
    { key: 'group_add', lines: ['group_add: [20, 8]'] },
    { key: 'ipc: host', lines: ['ipc: host', 'pid: host', 'uts: host', 'userns_mode: host'] },
    { key: 'logging: options alone', lines: ['logging: { options: { max-size: 1m } }'] },
    { key: 'mem_limit', lines: ['mem_limit: 64m', 'mem_reservation: 32m'] },
    { key: 'network_mode: host', lines: ['network_mode: host'] },
    { key: 'network_mode: bridge', lines: ['network_mode: bridge'] },
    {
      key: 'networks.ipv4_address',
      lines: ['networks: { default: { ipv4_address: 10.213.0.7, aliases: [www] } }'],
      after: subnet,
    },
    {
      key: 'networks.priority',
      lines: ['networks: { a: , b: { priority: 9 } }'],
      after: 'networks: { a: , b: { internal: true } }\n',
    },
    { key: 'oom_kill_disable', lines: ['mem_limit: 64m', 'oom_kill_disable: true'] },
    { key: 'read_only', lines: ['read_only: true', 'tmpfs: /tmp'] },
    {
      key: 'security_opt',
      lines: ['security_opt: ["no-new-privileges:true", seccomp:unconfined]'],
    },
    { key: 'security_opt: systempaths', lines: ['security_opt: [systempaths=unconfined]'] },
    { key: 'stdin_open', lines: ['stdin_open: true', 'tty: true'] },
    { key: 'stop_signal', lines: ['stop_signal: SIGINT', 'stop_grace_period: 3s'] },
    { key: 'tmpfs', lines: ['tmpfs: ["/run:size=1m,mode=755", /cache/]'] },
    { key: 'ulimits', lines: ['ulimits: { nofile: { soft: 512, hard: 1024 }, core: 0 }'] },
    { key: 'user', lines: ['user: "1000:1000"', 'working_dir: /tmp/'] },
    { key: 'volumes.bind.selinux', lines: [`volumes: ["${boundFolder}:/data:ro,z"]`] },
    {
      key: 'volumes.volume.labels',
      lines: ['volumes: [{ type: volume, target: /d, volume: { labels: [a=b] } }]'],
    },
  ])('$key', async ({ lines, after }) => {
    const loaded = load(lines, after);

    await run(loaded);

    expect(differences(loaded.service)).toEqual([]);
  });
});

it('a part of a volume is mounted by an engine that knows parts', async () => {
  const engine = shellOf(host);
  const Mounts = [{ Type: 'volume' as const, Source: 'shop_data', Target: '/d' }];
  const filler = await engine.createContainer({ Image: image, HostConfig: { Mounts } });
  const part = { kind: 'folder', path: 'd/part', mode: 0o755 } as const;
  const file = {
    kind: 'file',
    path: 'd/part/file',
    mode: 0o644,
    content: Buffer.from('x'),
  } as const;
  await filler.putArchive(await packTar([part, file]), { path: '/' });
  await filler.remove();
  const loaded = load(
    ['volumes: [{ type: volume, source: data, target: /d, volume: { subpath: part } }]'],
    'volumes: { data: }\n',
  );

  await createNetworks(loaded);
  const outcome = await launch(fleet, host, identity, loaded.service);

  if (!apiAtLeast(reachable(fleet, host).engine.apiVersion, '1.45')) {
    expect(outcome).toMatchObject({ failure: { reason: 'EngineTooOld' } });
    return;
  }
  expect(outcome).toEqual({ kind: 'done' });
  expect(differences(loaded.service)).toEqual([]);
  const container = engine.getContainer(containerOf(fleet, host, identity).id);
  await expect(container.infoArchive({ path: '/d/file' })).resolves.toBeDefined();
});

it('a key that the engine is too old for creates nothing', async () => {
  const { apiVersion } = reachable(fleet, host).engine;
  const { service } = load(['networks: { default: { gw_priority: 1 } }', 'annotations: [a=b]']);

  const outcome = await launch(fleet, host, identity, service);

  expect(outcome).toMatchObject({
    kind: 'failed',
    failure: {
      reason: 'EngineTooOld',
      message: expect.stringContaining(`"${host.name}" speaks Engine API ${apiVersion}`),
    },
  });
  expect(reachable(fleet, host).containers).toEqual([]);
});
