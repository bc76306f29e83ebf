import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

import type Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { FleetOptions } from '../../src/fleet/docker-fleet.ts';
import { EngineClient } from '../../src/fleet/engine-client.ts';
import { EngineError } from '../../src/fleet/engine-error.ts';
import { systemClock } from '../../src/reconcile/system-clock.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { converge } from '../support/live-operator.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const fleet = 'on-change-test';

/** Reads its files at its start, and again with each SIGHUP and SIGUSR1. */
const program = `load() { cat /etc/app/app.conf /etc/app/start.conf /motd /run/secrets/token > /tmp/loaded; }
mkdir -p /tmp
trap 'load; echo HUP >> /tmp/signals' HUP
trap 'load; echo USR1 >> /tmp/signals' USR1
trap 'exit 0' TERM
load
while :; do sleep 0.1; done`;

const manifest = `services:
  web:
    image: testapp:v1
    entrypoint: [/bin/sh, -c, ${JSON.stringify(program)}]
    deploy:
      replicas: 2
      update_config: { monitor: 0s }
    volumes:
      - ./conf:/etc/app:ro
      - ./motd:/motd:ro
    secrets: [token]
    x-fleetwright:
      gate: { minHealthyTime: 100ms }
      onChange:
        /etc/app: signal
        /etc/app/start.conf: restart
        /run/secrets/token: { signal: SIGUSR1 }
secrets:
  token:
    file: ./token
`;

interface Instance extends ListedContainer {
  readonly startedAt: string;
  /** What its program has read. */
  readonly loaded: string;
  readonly signals: readonly string[];
}

function ids(list: readonly Instance[]): readonly string[] {
  return list.map(({ id }) => id);
}

function starts(list: readonly Instance[]): readonly string[] {
  return list.map(({ startedAt }) => startedAt);
}

describe('a commit that changes the content of files', () => {
  const { hosts: all, credentials } = sharedSandbox();
  const hosts = all.slice(0, 1);
  let repository: ConfigRepository;
  let commands: Commands;

  const engine = () => {
    const [host] = hosts;
    if (host === undefined) throw new Error('the sandbox has no host');
    return shellOf(host);
  };

  async function run(id: string, ...command: readonly string[]): Promise<string> {
    const exec = await engine()
      .getContainer(id)
      .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: false });
    const stream = await exec.start({});
    const said = new PassThrough();
    engine().modem.demuxStream(stream, said, said);
    stream.on('end', () => said.end());
    return text(said);
  }

  async function instances(): Promise<readonly Instance[]> {
    const list = await listContainers(hosts, fleet);
    return await Promise.all(
      list.map(async (container) => {
        const { State } = await engine().getContainer(container.id).inspect();
        // What it does last comes first: whoever has noted a signal has read its files.
        const signals = await run(container.id, 'sh', '-c', 'cat /tmp/signals 2>/dev/null');
        const loaded = await run(container.id, 'sh', '-c', 'cat /tmp/loaded 2>/dev/null');
        const { StartedAt: startedAt } = State;
        return { ...container, startedAt, loaded, signals: signals.split('\n').filter(Boolean) };
      }),
    );
  }

  /** What a program is told, or finds at its start, it does a moment later. */
  function whenEach(
    what: string,
    holds: (instance: Instance) => boolean,
  ): Promise<readonly Instance[]> {
    return eventually(what, async () => {
      const all = await instances();
      return all.every(holds) ? all : null;
    });
  }

  function whenLoaded(text: string): Promise<readonly Instance[]> {
    return whenEach(JSON.stringify(text), ({ loaded }) => loaded === text);
  }

  async function open(): Promise<readonly object[]> {
    return (await commands.drift()).items.filter(({ state }) => state === 'open');
  }

  async function commit(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await repository.write(`shop/${name}`, content);
    }
    await repository.commit(JSON.stringify(files));
  }

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    await commit({
      'compose.yaml': manifest,
      'conf/app.conf': 'app 1\n',
      'conf/start.conf': 'start 1\n',
      motd: 'motd 1\n',
      token: 'token 1\n',
    });
    expect((await commands.sync()).code).toBe(0);
    await whenLoaded('app 1\nstart 1\nmotd 1\ntoken 1\n');
  });

  afterAll(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('is told by a signal, and nothing else happens to the instances', async () => {
    const before = await instances();
    await commit({ 'conf/app.conf': 'app 2\n' });

    const plan = await commands.plan();
    expect(plan.steps.map(({ action, slot, detail }) => `${action} ${slot}: ${detail}`)).toEqual([
      'deliver-files 1: /etc/app/app.conf, signals SIGHUP',
      'deliver-files 2: /etc/app/app.conf, signals SIGHUP',
    ]);
    expect(plan.steps[0]?.cause).toMatchObject({
      reason: 'volumes./etc/app/app.conf changed, and it gets SIGHUP',
      origin: { file: 'shop/compose.yaml', line: 9, column: 9 },
    });
    expect(plan.unavailability).toEqual([]);
    expect((await commands.drift()).items).toEqual([]);
    expect((await commands.sync()).code).toBe(0);

    const after = await whenEach('a signal', ({ signals }) => signals.length > 0);
    expect(ids(after)).toEqual(ids(before));
    expect(starts(after)).toEqual(starts(before));
    for (const { loaded, signals } of after) {
      expect(loaded).toBe('app 2\nstart 1\nmotd 1\ntoken 1\n');
      expect(signals).toEqual(['HUP']);
    }
    expect((await commands.plan()).inSync).toBe(true);
  });

  it('shows a running container new secrets, which nobody else sees', async () => {
    const before = await instances();
    await commit({ token: 'token 2\n', 'conf/app.conf': 'app 3\n' });

    expect((await commands.sync()).code).toBe(0);

    const after = await whenEach('two more', ({ signals }) => signals.length > 2);
    expect(starts(after)).toEqual(starts(before));
    for (const { id, loaded, signals } of after) {
      expect(loaded).toBe('app 3\nstart 1\nmotd 1\ntoken 2\n');
      expect(signals).toEqual(['HUP', 'HUP', 'USR1']);
      expect(await run(id, 'stat', '-c', '%a %u', '/run/secrets/token')).toBe('444 0\n');
      const inspected = JSON.stringify(await engine().getContainer(id).inspect());
      expect(inspected).not.toContain('token 2');
    }
  });

  it('restarts the instances, one after the other, and sends them no signal then', async () => {
    const before = await instances();
    await commit({ 'conf/start.conf': 'start 2\n', 'conf/app.conf': 'app 4\n' });

    const plan = await commands.plan();
    expect(plan.steps.map(({ wave, detail }) => `${wave}: ${detail}`)).toEqual([
      '1: /etc/app/app.conf, /etc/app/start.conf, restarts',
      '2: /etc/app/app.conf, /etc/app/start.conf, restarts',
    ]);
    expect(plan.unavailability).toMatchObject([{ service: 'web', before: 2, lowest: 1 }]);
    expect((await commands.sync()).code).toBe(0);

    const after = await whenLoaded('app 4\nstart 2\nmotd 1\ntoken 2\n');
    expect(ids(after)).toEqual(ids(before));
    for (const [index, { startedAt, signals }] of after.entries()) {
      expect(Date.parse(startedAt)).toBeGreaterThan(Date.parse(before[index]?.startedAt ?? ''));
      expect(signals).toEqual(before[index]?.signals);
    }
    expect((await commands.plan()).inSync).toBe(true);
  });

  it('replaces the instances where nothing else is said', async () => {
    const before = await instances();
    await commit({ motd: 'motd 2\n', 'conf/app.conf': 'app 5\n' });

    expect((await commands.sync()).code).toBe(0);

    const after = await whenLoaded('app 5\nstart 2\nmotd 2\ntoken 2\n');
    expect(after.some(({ id }) => ids(before).includes(id))).toBe(false);
  });

  it.each([
    ['/0/app.conf', 'app.conf', 'gets SIGHUP', false],
    ['/0/start.conf', 'start.conf', 'restarts', true],
  ])('heals %s that was edited behind its back in place', async (file, name, note, restarts) => {
    const before = await instances();
    const [victim] = before;
    if (victim === undefined) throw new Error('there is an instance');
    await edit(victim, `echo evil > /files${file}`);

    expect(await open()).toMatchObject([
      {
        slot: victim.slot,
        path: `volumes./etc/app/${name}`,
        action: 'heal',
        note: `it is written anew, and the container ${note}`,
        origin: { file: 'shop/compose.yaml', line: 9, column: 9 },
      },
    ]);
    expect((await commands.sync()).code).toBe(0);
    const isTold = ({ slot, signals }: Instance): boolean =>
      restarts || slot !== victim.slot || signals.length > victim.signals.length;
    const after = await whenEach(
      'what is healed to be read',
      (one) => one.loaded === victim.loaded && isTold(one),
    );
    expect(ids(after)).toEqual(ids(before));
    expect(after[0]?.startedAt === victim.startedAt).toBe(!restarts);
    expect(await open()).toEqual([]);
  });

  /** Does to a volume what somebody does who has a shell on the host; its files are below /files. */
  async function edit({ name }: Instance, command: string): Promise<void> {
    const editor = await engine().createContainer({
      Image: 'testapp:v1',
      Entrypoint: ['/bin/sh', '-c', command],
      HostConfig: { Binds: [`${name}-files:/files`] },
    });
    await editor.start();
    await editor.wait();
    await editor.remove();
  }
});

describe('an operator that dies between the writing of a file and the restart', () => {
  const { hosts: all } = sharedSandbox();
  const hosts = all.slice(0, 1);

  afterEach(() => clearHosts(hosts, crashFleet));

  it('has a successor that restarts the instance, and leaves nothing behind', async () => {
    await using repository = await ConfigRepository.create(crashFleet, hosts);
    await repository.write('shop/compose.yaml', simple);
    await repository.write('shop/conf/app.conf', 'app 1\n');
    await repository.commit('shop');
    await converge(repository);
    const [before] = await listContainers(hosts, crashFleet);
    await repository.write('shop/conf/app.conf', 'app 2\n');
    await repository.commit('other file');
    const crash = new AbortController();

    await expect(
      converge(repository, { signal: crash.signal, connect: dyingAt('/restart', crash) }),
    ).rejects.toThrow();

    const [host] = hosts;
    if (host === undefined || before === undefined) throw new Error('there is an instance');
    const engine = shellOf(host);
    const start = async (): Promise<number> => {
      const { State } = await engine.getContainer(before.id).inspect();
      return Date.parse(State.StartedAt);
    };
    const startedAt = await start();
    expect(await fileIn(engine, before.id, '/etc/app/app.conf')).toContain('app 2\n');
    await converge(repository);

    expect((await listContainers(hosts, crashFleet)).map(({ id }) => id)).toEqual([before.id]);
    expect(await start()).toBeGreaterThan(startedAt);
    expect(await engine.listContainers({ all: true })).toHaveLength(1);
  });
});

const crashFleet = 'on-change-crash-test';

const simple = `services:
  web:
    image: testapp:v1
    deploy: { update_config: { monitor: 0s } }
    volumes: [./conf:/etc/app:ro]
    x-fleetwright: { onChange: restart }
`;

/** From the first call of a kind on, nothing is sent any more. */
function dyingAt(path: string, crash: AbortController): NonNullable<FleetOptions['connect']> {
  return ({ endpoint }, credentials, onCall) => {
    const client = new EngineClient(endpoint, credentials, systemClock, onCall);
    const send = client.send.bind(client);
    client.send = async (request) => {
      if (request.path.endsWith(path)) crash.abort();
      if (crash.signal.aborted) throw new EngineError('lost', 'the operator is dead');
      await send(request);
    };
    return client;
  };
}

async function fileIn(engine: Docker, id: string, path: string): Promise<string> {
  return text(await engine.getContainer(id).getArchive({ path }));
}
