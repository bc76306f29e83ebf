import { appendFile, copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { readCredentials } from '../../src/fleet/credentials.ts';
import { openFleet } from '../../src/fleet/docker-fleet.ts';
import { EngineClient } from '../../src/fleet/engine-client.ts';
import type { Fleet } from '../../src/fleet/fleet.ts';
import { noInterest } from '../../src/model/adoption.ts';
import type { SshEndpoint } from '../../src/model/fleet.ts';
import { toHostName } from '../../src/model/names.ts';
import { systemClock } from '../../src/reconcile/system-clock.ts';
import type { HostBench } from '../contract/host-bench.ts';
import { EngineShell } from '../contract/engine-shell.ts';
import { execCases } from '../contract/exec-cases.ts';
import { realBench } from '../contract/real-bench.ts';
import { aService } from '../support/builders.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import {
  act,
  aFleetSpec,
  containerOf,
  createNetwork,
  fleetName as roomName,
  guardOf,
  launch,
  never,
  observationOf,
  sandboxHost,
  until,
} from '../support/engine-fleet.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';
import type { SshServer } from '../support/ssh-server.ts';
import { makeKey, publicKey, startSshServer } from '../support/ssh-server.ts';
import { anIdentity } from '../unit/fleet/builders.ts';

const fleetName = 'ssh-hosts-test';
/** Far more than it takes where nothing else runs. */
const patienceMs = 60_000;
const host = sandboxHost(0);
const name = toHostName(host.name);
const { hosts } = sharedSandbox();

let dir: string;
let credentialsDir: string;
let server: SshServer;
let endpoint: SshEndpoint;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fleetwright-ssh-'));
  await mkdir(join(dir, 'ssh'));
  server = await startSshServer(join(dir, 'ssh'), host.inside());
  const { user, port } = server;
  endpoint = { kind: 'ssh', user, host: '127.0.0.1', port, path: '/var/run/docker.sock' };
  credentialsDir = join(dir, 'credentials');
  await cp(sharedSandbox().credentials, credentialsDir, { recursive: true });
  await copyFile(server.keyFile, join(credentialsDir, name, 'id_ed25519'));
  await trustServer();
});
afterEach(() => server.configure([]));
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

function trustServer(): Promise<void> {
  return copyFile(server.knownHostsFile, join(credentialsDir, 'known_hosts'));
}

async function connect(): Promise<EngineClient> {
  const credentials = await readCredentials(credentialsDir, { name, endpoint });
  const client = new EngineClient(endpoint, credentials, systemClock, () => undefined);
  await client.negotiate(10_000, never);
  return client;
}

/** Whether the engine has sent a signal to a container. */
async function wasSignalled(id: string): Promise<true | null> {
  const filters = { container: [id], event: ['kill'] };
  const now = Math.ceil(Date.now() / 1000);
  const events = await shellOf(host).getEvents({ since: now - 60, until: now, filters });
  const { done } = await events[Symbol.asyncIterator]().next();
  return done === true ? null : true;
}

/** A fleet of the one host over SSH, observed once. */
async function openSshFleet(): Promise<Fleet> {
  const logger = pino({ level: 'silent' });
  const fleet = openFleet({ credentialsDir, logger, clock: systemClock });
  const spec = aFleetSpec([host]);
  fleet.configure(
    { ...spec, hosts: spec.hosts.map((each) => ({ ...each, endpoint })) },
    noInterest,
  );
  await fleet.refresh(never);
  return fleet;
}

function askForty(client: EngineClient): Promise<readonly { readonly Name?: string }[]> {
  const request = { what: 'ask', path: '/info', deadlineMs: 30_000, signal: never };
  return Promise.all(Array.from({ length: 40 }, () => client.json<{ Name?: string }>(request)));
}

describe('forty calls at once take one connection', () => {
  it.each([
    ['of a server that permits no session at all', ['MaxSessions 0']],
    [
      'of one that forwards to no socket, and permits ten sessions',
      ['AllowStreamLocalForwarding no'],
    ],
  ])('%s', async (_what, settings) => {
    await server.configure(settings);
    const before = server.connections;
    const client = await connect();
    const following = new AbortController();
    const events = { what: 'follow', path: '/events', deadlineMs: 10_000 };
    const stream = await client.stream({ ...events, signal: following.signal });

    const answers = await askForty(client);

    expect(answers.map(({ Name }) => Name)).toEqual(answers.map(() => host.name));
    expect(stream.readableEnded).toBe(false);
    expect(server.connections - before).toBe(1);
    stream.on('error', () => {});
    following.abort();
    client.close();
  });
});

describe('what the operator relies on in an engine holds over SSH, for', () => {
  let bench: HostBench;

  beforeAll(async () => {
    bench = await realBench(host, { endpoint, credentialsDir });
    await bench.clear();
  });
  afterEach(() => bench.clear());
  afterAll(() => bench.host.close());

  const context = { bench: () => bench, shell: () => new EngineShell(bench.host) };
  describe('commands in a container:', () => execCases(context));
});

function isReachable(fleet: Fleet): boolean {
  return observationOf(fleet, host).kind === 'reachable';
}

function reasonOf(fleet: Fleet): string {
  const observation = observationOf(fleet, host);
  return observation.kind === 'unreachable' ? observation.reason : 'none';
}

describe('a host over SSH', () => {
  afterEach(trustServer);

  it('that loses its sshd in the middle of a step is unreachable at once, and back when that is', async () => {
    await using fleet = await openSshFleet();
    const identity = anIdentity({ fleet: roomName });
    const networks = [{ network: 'bridge', aliases: [] }];
    const service = aService({ container: { image: 'testapp:stubborn', networks } });
    expect(await launch(fleet, host, identity, service)).toEqual({ kind: 'done' });
    const container = containerOf(fleet, host, identity);
    const guard = guardOf(container, 'running');
    const lost = until(fleet, () => !isReachable(fleet), patienceMs);
    // It does not obey, so that the call is under way when the connection ends.
    const action = { kind: 'stop-container', guard, name: container.name, graceMs: 8_000 } as const;
    const step = act(fleet, host, action);
    await eventually('the stop to begin', () => wasSignalled(container.id));

    await server.stop();
    const outcome = await step;
    await lost;

    expect(outcome.kind).toBe('unknown');
    expect(reasonOf(fleet)).toContain('nothing listens at that port');
    const back = until(fleet, () => isReachable(fleet), patienceMs);
    await server.start();
    await back;
    await eventually('the end of the container', async () =>
      containerOf(fleet, host, identity).state === 'exited' ? true : null,
    );
    await clearHosts([host]);
  });

  it('with another key than before is refused, and taken as soon as its key is known', async () => {
    const other = await makeKey(join(dir, 'stranger'), 'ed25519');
    const stranger = `${server.name} ${await publicKey(other)}\n`;
    await writeFile(join(credentialsDir, 'known_hosts'), stranger);
    await using fleet = await openSshFleet();
    expect(reasonOf(fleet)).toContain('THE KEY OF THE HOST HAS CHANGED');
    const network = 'shop_refused';
    expect(await createNetwork(fleet, host, network)).toEqual({
      kind: 'failed',
      failure: {
        class: 'infrastructure',
        reason: 'HostUnreachable',
        message: expect.stringContaining('THE KEY OF THE HOST HAS CHANGED'),
      },
    });
    const filters = { name: [network] };
    expect(await shellOf(host).listNetworks({ filters })).toEqual([]);

    const taken = until(fleet, () => isReachable(fleet), patienceMs);
    await appendFile(join(credentialsDir, 'known_hosts'), await server.hostKeyLine('ed25519'));
    await taken;

    expect(await createNetwork(fleet, host, network)).toEqual({ kind: 'done' });
    await clearHosts([host], roomName);
  });

  it('and another name for the same engine are both refused', async () => {
    const logger = pino({ level: 'silent' });
    await using fleet = openFleet({ credentialsDir, logger, clock: systemClock });
    const spec = aFleetSpec([host]);
    await cp(join(credentialsDir, name), join(credentialsDir, 'other'), { recursive: true });
    const other = spec.hosts.map((each) => ({ ...each, name: toHostName('other'), endpoint }));
    fleet.configure({ ...spec, hosts: [...spec.hosts, ...other] }, noInterest);

    await fleet.refresh(never);

    expect(reasonOf(fleet)).toContain(`hosts "${name}" and "other" are one and the same engine`);
  });
});

function manifest(image: string): object {
  const update = { monitor: '200ms', parallelism: 3 };
  const web = {
    image,
    deploy: { replicas: 3, update_config: update },
    configs: [{ source: 'note', target: '/note' }],
    'x-fleetwright': { gate: { minHealthyTime: '500ms' } },
  };
  return { services: { web }, configs: { note: { content: 'hello' } } };
}

describe('a fleet with one host over SSH', () => {
  let repository: ConfigRepository;

  beforeAll(async () => {
    const overSsh = `ssh://${endpoint.user}@${endpoint.host}:${endpoint.port}`;
    const described = hosts.map((each) =>
      each.name === host.name ? { ...each, endpoint: overSsh } : each,
    );
    repository = await ConfigRepository.create(fleetName, described);
  });
  afterAll(async () => {
    await clearHosts(hosts, fleetName);
    await repository[Symbol.asyncDispose]();
  });

  it('is brought to the commit, stays there, and is healed, over one connection', async () => {
    const commands = new Commands(repository, credentialsDir);
    await repository.write('shop/compose.yaml', manifest('testapp:v1'));
    await repository.commit('v1');
    const first = await commands.sync();
    expect(first.code, first.stderr).toBe(0);
    const before = server.connections;
    await using daemon = commands.start();
    await repository.write('shop/compose.yaml', manifest('testapp:v2'));
    await repository.commit('v2');
    const wanted = hosts.map((each) => `testapp:v2 running on ${each.name}`);
    /** All containers, when they are as they should be: nobody but the test is about to remove one then. */
    const settled = async (): Promise<readonly ListedContainer[] | null> => {
      const list = await listContainers(hosts, fleetName);
      const found = list.map(({ image, state, host: on }) => `${image} ${state} on ${on}`);
      return found.toSorted().join() === wanted.join() ? list : null;
    };
    const second = await eventually('v2 on each host', settled);
    const victim = second.find(({ host: on }) => on === name);
    await shellOf(host)
      .getContainer(victim?.id ?? '')
      .remove({ force: true });
    await eventually('its successor', async () => {
      const list = await settled();
      return list?.every(({ id }) => id !== victim?.id) === true ? true : null;
    });
    expect(server.connections - before).toBe(1);
    await daemon.end('SIGTERM');
  });
});
