import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Status } from '../../src/generated/status.ts';
import type { SandboxHost } from '../../src/sandbox/sandbox-host.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const fleet = 'loss-test';
const base = { image: 'testapp:v1', stop_grace_period: '1s' };
const gate = { minHealthyTime: '500ms', healthyDeadline: '30s' };
const deploy = { replicas: 3, update_config: { monitor: '0s' } };
const web = { ...base, deploy, 'x-fleetwright': { gate } };
const one = { ...deploy, replicas: 1 };

describe('a host of three real engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  const writeFleet = (drained = ''): Promise<void> =>
    repository.write('fleet.yaml', {
      name: fleet,
      failure: { lostAfter: '2s' },
      hosts: hosts.map(({ name, endpoint, address }) => ({
        name,
        endpoint,
        address,
        ...(name === drained ? { drain: true } : {}),
      })),
    });
  const deployShop = async (more: object): Promise<void> => {
    await repository.write('shop/compose.yaml', {
      services: { web, ...more },
      volumes: { data: {} },
    });
    await repository.commit('shop');
  };
  const listOf = async (
    service: string,
    on: readonly SandboxHost[] = hosts,
  ): Promise<readonly ListedContainer[]> =>
    (await listContainers(on, fleet)).filter((one) => one.service === service);
  const running = async (service: string, on?: readonly SandboxHost[]): Promise<number> =>
    (await listOf(service, on)).filter(({ state }) => state === 'running').length;
  const idsOf = async (service: string): Promise<readonly string[]> =>
    (await listOf(service)).map(({ id }) => id);
  const convergence = (): Promise<Status> =>
    eventually('everything as the commit asks', async () => {
      const status = await commands.status();
      return status.converged ? status : null;
    });
  const homeOf = async (service: string): Promise<SandboxHost> => {
    const [found] = await listOf(service);
    const home = hosts.find(({ name }) => name === found?.host);
    if (home === undefined) throw new Error(`${service} is nowhere`);
    return home;
  };

  beforeEach(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
    await writeFleet();
  });
  afterEach(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('that dies has what bears it made elsewhere, comes back without a trace, and can be drained', async () => {
    await deployShop({
      db: { ...base, deploy: one, volumes: ['data:/data'], 'x-fleetwright': { gate } },
    });
    await using daemon = commands.start();
    await convergence();
    const victim = await homeOf('db');
    const others = hosts.filter((host) => host !== victim);
    const kept = (await listOf('web', others)).map(({ id }) => id);

    await victim.killEngine();

    await eventually('three of web on two hosts', async () =>
      (await running('web', others)) === 3 ? true : null,
    );
    const lost = (await commands.status()).hosts.find(({ host }) => host === victim.name);
    expect(lost).toMatchObject({ state: 'lost' });
    expect(lost?.notes.join('\n')).toMatch(/1 slot stays \(its data is there .*shop\/db\/1/);
    const elsewhere = (await listOf('web', others)).map(({ id }) => id);

    await victim.startEngine();

    await convergence();
    expect(await idsOf('web')).toEqual(elsewhere);
    expect(elsewhere).toEqual(expect.arrayContaining([...kept]));
    expect((await listOf('db')).map(({ host, state }) => [host, state])).toEqual([
      [victim.name, 'running'],
    ]);

    const [drained] = others;
    if (drained === undefined) throw new Error('there are three hosts');
    await writeFleet(drained.name);
    await repository.commit('drain');
    let fewest = 3;
    await eventually('the host to be left', async () => {
      fewest = Math.min(fewest, await running('web'));
      return (await listOf('web', [drained])).length === 0 ? true : null;
    });
    await convergence();
    expect(fewest).toBe(3);
    const moved = await idsOf('web');

    await writeFleet();
    await repository.commit('use it again');

    await convergence();
    expect(await idsOf('web')).toEqual(moved);
    await daemon.end('SIGTERM');
  });

  it('that is cut off keeps a singleton until somebody says that it is down', async () => {
    await deployShop({
      clock: { ...base, deploy: one, 'x-fleetwright': { gate, singleton: true } },
    });
    await using daemon = commands.start();
    await convergence();
    const victim = await homeOf('clock');
    const others = hosts.filter((host) => host !== victim);

    await victim.partition();

    await eventually('three of web on two hosts', async () =>
      (await running('web', others)) === 3 ? true : null,
    );
    expect(await running('clock', others)).toBe(0);
    expect((await commands.ask('fence', victim.name)).request).toMatchObject({
      host: victim.name,
      state: 'accepted',
    });
    await eventually('the singleton elsewhere', async () =>
      (await running('clock', others)) === 1 ? true : null,
    );
    const elsewhere = (await listContainers(others, fleet)).map(({ id }) => id);

    await victim.heal();

    const status = await eventually('no duplicate', async () => {
      const left = await listContainers([victim], fleet);
      return left.length === 0 ? convergence() : null;
    });
    expect((await listContainers(hosts, fleet)).map(({ id }) => id)).toEqual(elsewhere);
    expect(status.hosts.find(({ host }) => host === victim.name)).toMatchObject({
      state: 'ready',
      use: 'fenced',
    });
    expect((await commands.ask('unfence', victim.name)).code).toBe(0);
    await daemon.end('SIGTERM');
  });
});
