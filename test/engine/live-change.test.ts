import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const mebi = 1024 * 1024;

interface Facts {
  readonly memory?: string;
  readonly networks?: string;
  readonly grace?: string;
}

function manifest({ memory = '64M', networks = '[front]', grace = '5s' }: Facts): string {
  return `services:
  web:
    image: testapp:v1
    stop_grace_period: ${grace}
    networks: ${networks}
    deploy:
      replicas: 2
      ${memory === '' ? '' : `resources: { limits: { memory: ${memory}, cpus: "0.5" } }`}
      update_config: { monitor: 0s }
networks:
  front:
  metrics:
`;
}

describe('a commit that changes what the engine changes in place', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  const containers = (): Promise<readonly ListedContainer[]> => listContainers(hosts, 'live-test');
  const inspect = async ({ host, id }: ListedContainer) => {
    const engine = hosts.find(({ name }) => name === host);
    if (engine === undefined) throw new Error(`there is no host ${host}`);
    return await shellOf(engine).getContainer(id).inspect();
  };
  const all = async () => await Promise.all((await containers()).map(inspect));
  const ids = async (): Promise<readonly string[]> => (await containers()).map(({ id }) => id);
  const commit = async (facts: Facts): Promise<void> => {
    await repository.write('shop/compose.yaml', manifest(facts));
    await repository.commit(JSON.stringify(facts));
  };

  beforeAll(async () => {
    repository = await ConfigRepository.create('live-test', hosts);
    commands = new Commands(repository, credentials);
    await commit({});
    expect((await commands.sync()).code).toBe(0);
  });
  afterAll(async () => {
    await clearHosts(hosts, 'live-test');
    await repository[Symbol.asyncDispose]();
  });

  it.each([
    ['up', '96M', 96],
    ['down', '48M', 48],
  ])('takes memory %s in every slot, with its swap', async (_name, memory, mebibytes) => {
    const before = await ids();
    await commit({ memory });

    const plan = await commands.plan();
    expect(plan.steps.map(({ action, slot }) => `${action} ${slot}`)).toEqual([
      'update-container 1',
      'update-container 2',
    ]);
    expect(plan.steps[0]?.cause).toMatchObject({
      reason: 'deploy.resources.limits.memory changed, in place',
      origin: { file: 'shop/compose.yaml', line: 8 },
    });
    expect((await commands.drift()).items).toEqual([]);
    expect((await commands.sync()).code).toBe(0);

    expect(await ids()).toEqual(before);
    const limits = (await all()).map(({ HostConfig: { Memory, MemorySwap } }) => {
      return [Memory, MemorySwap];
    });
    const bytes = mebibytes * mebi;
    expect(limits).toEqual([
      [bytes, bytes * 2],
      [bytes, bytes * 2],
    ]);
    expect((await commands.plan()).steps).toEqual([]);
  });

  it('puts it on another network, gives it an alias, and takes both away', async () => {
    const before = await ids();
    await commit({ memory: '48M', networks: '{ front: { aliases: [www] }, metrics: {} }' });
    expect((await commands.sync()).code).toBe(0);

    const attached = (await all()).map(({ NetworkSettings: { Networks } }) => Networks);
    expect(attached.map((networks) => Object.keys(networks).toSorted())).toEqual([
      ['shop_front', 'shop_metrics'],
      ['shop_front', 'shop_metrics'],
    ]);
    expect(attached[0]?.['shop_front']?.Aliases).toContain('www');
    expect((await commands.plan()).steps).toEqual([]);

    await commit({ memory: '48M' });
    expect((await commands.sync()).code).toBe(0);

    const after = (await all()).map(({ NetworkSettings: { Networks } }) => Networks);
    expect(after.map((networks) => Object.keys(networks))).toEqual([
      ['shop_front'],
      ['shop_front'],
    ]);
    expect(after[0]?.['shop_front']?.Aliases).not.toContain('www');
    expect(await ids()).toEqual(before);
  });

  it('makes a network anew that is declared otherwise, under what runs', async () => {
    const before = await ids();
    const declared = manifest({ memory: '48M' }).replace(
      '  front:\n',
      '  front: { internal: true }\n',
    );
    await repository.write('shop/compose.yaml', declared);
    await repository.commit('internal');
    expect((await commands.sync()).code).toBe(0);

    const { items } = await commands.drift();
    expect(items.filter(({ state }) => state === 'open')).toEqual([]);
    expect(await ids()).toEqual(before);

    await commit({ memory: '48M' });
    expect((await commands.sync()).code).toBe(0);
    expect(await ids()).toEqual(before);
  });

  it('has nothing to do for another time to stop', async () => {
    await commit({ memory: '48M', grace: '9s' });

    expect((await commands.plan()).steps).toEqual([]);
    expect((await commands.sync()).code).toBe(0);
  });

  it('renames it, replaces it under that name, and renames it back', async () => {
    const named = manifest({ memory: '48M', grace: '9s' })
      .replace('replicas: 2', 'replicas: 1')
      .replace('image:', 'container_name: live-test-front\n    image:');
    const kept = (await ids())[0];
    await repository.write('shop/compose.yaml', named);
    await repository.commit('named');
    expect((await commands.sync()).code).toBe(0);
    expect(await containers()).toMatchObject([{ id: kept, name: 'live-test-front' }]);

    await repository.write('shop/compose.yaml', named.replace('testapp:v1', 'testapp:v2'));
    await repository.commit('named, v2');
    expect((await commands.sync()).code).toBe(0);
    expect(await containers()).toMatchObject([{ name: 'live-test-front', image: 'testapp:v2' }]);
    expect((await commands.plan()).steps).toEqual([]);

    await commit({ memory: '48M', grace: '9s' });
    expect((await commands.sync()).code).toBe(0);
    expect((await containers()).map(({ name }) => name)).not.toContain('live-test-front');
  });

  it('replaces where a limit is taken away, and says so', async () => {
    const before = await ids();
    await commit({ memory: '', grace: '9s' });

    const plan = await commands.plan();
    expect(plan.steps.find(({ action }) => action === 'create-container')?.cause).toMatchObject({
      path: 'deploy.resources.limits.memory',
    });
    expect((await commands.sync()).code).toBe(0);

    expect((await ids()).filter((id) => before.includes(id))).toEqual([]);
  });
});
