import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const manifest = `services:
  app:
    image: testapp:v1
    environment: { PORT: 8081 }
    network_mode: service:vpn
    pid: service:vpn
    ipc: service:vpn
    deploy: { update_config: { monitor: 0s } }
  vpn:
    image: testapp:v1
    ipc: shareable
    deploy: { update_config: { monitor: 0s } }
`;

describe('a service that shares what another one has', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  const engineOf = ({ host }: ListedContainer) => {
    const found = hosts.find(({ name }) => name === host);
    if (found === undefined) throw new Error(`there is no host ${host}`);
    return shellOf(found);
  };
  const pair = async () => {
    const all = await listContainers(hosts, 'shared-test');
    const [app, vpn] = ['app', 'vpn'].map((name) => all.find(({ service }) => service === name));
    if (app === undefined || vpn === undefined || all.length !== 2) {
      throw new Error(`there are ${all.length} containers`);
    }
    const { HostConfig, State } = await engineOf(app).getContainer(app.id).inspect();
    const { NetworkMode, PidMode, IpcMode } = HostConfig;
    return { app, vpn, isRunning: State.Running, modes: [NetworkMode, PidMode, IpcMode] };
  };
  const expectJoined = async (processes: 'own' | 'shared'): Promise<void> => {
    const { app, vpn, isRunning, modes } = await pair();
    const mode = `container:${vpn.id}`;
    expect({ isRunning, modes, host: app.host }).toEqual({
      isRunning: true,
      modes: [mode, processes === 'own' ? '' : mode, mode],
      host: vpn.host,
    });
    expect((await commands.plan()).steps).toEqual([]);
    expect((await commands.drift()).items).toEqual([]);
  };

  beforeAll(async () => {
    repository = await ConfigRepository.create('shared-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest);
    await repository.commit('v1');
  });
  afterAll(async () => {
    await clearHosts(hosts, 'shared-test');
    await repository[Symbol.asyncDispose]();
  });

  it('joins the instance on its host', async () => {
    expect((await commands.sync()).code).toBe(0);

    await expectJoined('shared');
  });

  it('follows it when a commit replaces it', async () => {
    const before = await pair();
    const next = manifest.replace(/(vpn:\n    image: testapp):v1/, '$1:v2');
    await repository.write('shop/compose.yaml', next);
    await repository.commit('v2');

    expect((await commands.sync()).code).toBe(0);

    const after = await pair();
    expect(after.vpn.image).toBe('testapp:v2');
    expect(after.app.id).not.toBe(before.app.id);
    await expectJoined('shared');
  });

  it('follows it when somebody starts it anew', async () => {
    // Who shares its processes ends with it, and is started again by the engine.
    await repository.write('shop/compose.yaml', manifest.replace('    pid: service:vpn\n', ''));
    await repository.commit('own processes');
    expect((await commands.sync()).code).toBe(0);
    const before = await pair();
    await engineOf(before.vpn).getContainer(before.vpn.id).restart({ t: 1 });

    expect((await commands.sync()).code).toBe(0);

    const after = await pair();
    expect(after.vpn.id).toBe(before.vpn.id);
    expect(after.app.id).not.toBe(before.app.id);
    await expectJoined('own');
  });
});

const mounting = `services:
  app:
    image: testapp:v1
    volumes: [own:/own]
    volumes_from: ["keeper:ro"]
    deploy: { update_config: { monitor: 0s } }
  keeper:
    image: testapp:v1
    volumes: [data:/data, ./page.txt:/page.txt:ro]
    configs: [conf]
    deploy: { update_config: { monitor: 0s } }
configs: { conf: { content: one } }
volumes: { data: , own: }
`;

describe('a service that mounts what another one mounts', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  const inspect = async (name: string) => {
    const found = (await listContainers(hosts, 'mounting-test')).filter(
      ({ service }) => service === name,
    );
    const host = hosts.find((each) => each.name === found[0]?.host);
    if (found.length !== 1 || host === undefined) throw new Error(`${found.length} of ${name}`);
    const { Id, Mounts, HostConfig } = await shellOf(host)
      .getContainer(found[0]?.id ?? '')
      .inspect();
    const mounts = Mounts.map(({ Destination, RW }) => `${Destination} ${RW ? 'rw' : 'ro'}`);
    return { id: Id, host: host.name, mounts: mounts.toSorted(), from: HostConfig.VolumesFrom };
  };
  const expectQuiet = async (): Promise<void> => {
    expect((await commands.plan()).steps).toEqual([]);
    expect((await commands.drift()).items).toEqual([]);
  };

  beforeAll(async () => {
    repository = await ConfigRepository.create('mounting-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', mounting);
    await repository.write('shop/page.txt', 'one');
    await repository.commit('v1');
  });
  afterAll(async () => {
    await clearHosts(hosts, 'mounting-test');
    await repository[Symbol.asyncDispose]();
  });

  it('has its volumes, its files and its configs on its host, and is no drift', async () => {
    expect((await commands.sync()).code).toBe(0);

    const [app, keeper] = [await inspect('app'), await inspect('keeper')];
    expect(app).toMatchObject({ host: keeper.host, from: [`${keeper.id}:ro`] });
    expect(app.mounts).toEqual([
      '/.fleetwright ro',
      '/conf ro',
      '/data ro',
      '/own rw',
      '/page.txt ro',
    ]);
    await expectQuiet();
  });

  it('follows it when a commit replaces it', async () => {
    const before = await inspect('app');
    await repository.write('shop/page.txt', 'two');
    await repository.commit('v2');

    expect((await commands.sync()).code).toBe(0);

    const [app, keeper] = [await inspect('app'), await inspect('keeper')];
    expect(app.id).not.toBe(before.id);
    expect(app.from).toEqual([`${keeper.id}:ro`]);
    await expectQuiet();
  });
});
