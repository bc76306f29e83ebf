import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { clearHosts, sharedSandbox } from '../support/sandbox.ts';

const fleet = 'rebalance';

const web = {
  image: 'testapp:v1',
  deploy: { replicas: 6, update_config: { parallelism: 2, monitor: '0s' } },
  'x-fleetwright': { gate: { minHealthyTime: '100ms' } },
};

describe('a rebalance on real engines', () => {
  const { hosts, credentials } = sharedSandbox();
  const [late] = hosts;
  let repository: ConfigRepository;
  let commands: Commands;

  const writeFleet = (cordoned = ''): Promise<void> =>
    repository.write('fleet.yaml', {
      name: fleet,
      hosts: hosts.map(({ name, endpoint, address }) => ({
        name,
        endpoint,
        address,
        ...(name === cordoned ? { cordon: true } : {}),
      })),
    });
  const counts = async (): Promise<readonly number[]> => {
    const all = await listContainers(hosts, fleet);
    return hosts.map(({ name }) => all.filter(({ host }) => host === name).length);
  };

  beforeAll(async () => {
    repository = await ConfigRepository.create(fleet, hosts);
    commands = new Commands(repository, credentials);
  });
  afterAll(async () => {
    await clearHosts(hosts, fleet);
    await repository[Symbol.asyncDispose]();
  });

  it('fills a host that takes slots again, when it is asked for, and only then', async () => {
    await writeFleet(late?.name);
    await repository.write('shop/compose.yaml', { services: { web } });
    await repository.commit('two hosts');
    expect((await commands.sync()).code).toBe(0);
    await writeFleet();
    await repository.commit('three hosts');
    expect((await commands.sync()).code).toBe(0);
    expect(await counts()).toEqual([0, 3, 3]);

    const unasked = await commands.run('rebalance');
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('say --yes') });
    const limited = await commands.run('rebalance', '--max-moves=1', '--yes');
    expect(limited.code, limited.stderr).toBe(0);
    expect(limited.stdout).toMatch(/shop\/web\/\d: host-\d → host-1\n/);
    expect(limited.stdout).toContain('3 slots of shop/web, host-1 has 0');
    expect(limited.stdout).toContain('no operator is running; the request is kept');
    expect(await counts()).toEqual([0, 3, 3]);

    expect((await commands.sync()).code).toBe(0);
    expect((await counts())[0]).toBe(1);

    expect((await commands.run('rebalance', '--application=shop', '--yes')).code).toBe(0);
    expect((await commands.sync()).code).toBe(0);
    expect(await counts()).toEqual([2, 2, 2]);
    expect((await commands.run('rebalance', '--yes')).stdout).toContain('nothing moves');
  });
});
