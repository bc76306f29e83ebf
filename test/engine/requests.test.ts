import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Application, Status } from '../../src/generated/status.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { notedSuccess } from '../support/noted-success.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

function manifest(image: string, more: object = {}): object {
  return {
    services: {
      web: { image, deploy: { replicas: 3, update_config: { monitor: '0s' } }, ...more },
    },
  };
}

describe('requests to the running operator, on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;
  let first: string;

  beforeEach(async () => {
    repository = await ConfigRepository.create('requests-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest('testapp:v1'));
    first = await repository.commit('v1');
  });
  afterEach(async () => {
    await clearHosts(hosts, 'requests-test');
    await repository[Symbol.asyncDispose]();
  });

  const containers = (): Promise<readonly ListedContainer[]> =>
    listContainers(hosts, 'requests-test');
  const statusWith = (what: string, holds: (shop: Application) => boolean): Promise<Status> =>
    eventually(what, async () => {
      const status = await commands.status();
      const [shop] = status.applications;
      return shop !== undefined && holds(shop) ? status : null;
    });

  it('leaves a suspended application alone, and heals it when it is resumed', async () => {
    await using daemon = commands.start();
    await statusWith('the first deploy', isReady);
    await notedSuccess(daemon, first);
    const before = await containers();

    const suspended = await commands.ask('suspend', 'shop');
    expect(suspended.request, daemon.log()).toMatchObject({ state: 'accepted' });
    expect(suspended.code).toBe(0);
    const [victim] = before;
    const host = hosts.find(({ name }) => name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is a container');
    await shellOf(host).getContainer(victim.id).remove({ force: true });

    const status = await statusWith('the loss to be seen', ({ slots }) =>
      slots.some(({ available }) => !available),
    );
    expect(status.applications).toMatchObject([{ suspended: true }]);
    // The daemon has seen it too, and has answered a request since: it had its occasion.
    await eventually('the drift report', async () => {
      const { items } = await commands.drift();
      return items.find(({ class: kind }) => kind === 'missing') ?? null;
    });
    expect((await commands.ask('suspend', 'shop')).request.message).toContain('already');
    expect(idsOf(await containers())).toEqual(idsOf(before.filter(({ id }) => id !== victim.id)));

    const resumed = await commands.ask('resume', 'shop');

    expect(resumed.request).toMatchObject({ state: 'accepted' });
    await statusWith('the repair', (shop) => isReady(shop) && !shop.suspended);
    expect(await containers()).toHaveLength(3);
    expect((await commands.ask('resume', 'shop')).code).toBe(1);
  });

  it('tries a failed revision exactly once more', async () => {
    await using daemon = commands.start();
    await statusWith('the first deploy', isReady);
    await notedSuccess(daemon, first);
    await repository.write(
      'shop/compose.yaml',
      manifest('testapp:v2', { command: ['/no/such/program'] }),
    );
    await repository.commit('broken');
    await statusWith('the rollback', isRolledBack);
    const tries = (): number => daemon.log().split('"msg":"revision failed"').length - 1;
    expect(tries()).toBe(1);

    const retry = await commands.ask('retry', 'shop');

    expect(retry.request, retry.stderr).toMatchObject({ state: 'accepted' });
    await eventually('the second try', async () => (tries() >= 2 ? true : null));
    await statusWith('the second rollback', isRolledBack);
    // A request that is answered after it shows that the operator went on, and tried no third time.
    expect((await commands.ask('promote', 'shop')).request.state).toBe('refused');
    expect(tries()).toBe(2);
    const images = (await containers()).map(({ image }) => image);
    expect(images).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
  });

  it('keeps a request for the next sync when nobody is running', async () => {
    expect((await commands.sync()).code).toBe(0);

    const asked = await commands.ask('suspend', 'shop');
    await repository.write('shop/compose.yaml', manifest('testapp:v2'));
    await repository.commit('v2');
    const synced = await commands.sync();

    expect(asked.request).toMatchObject({ state: 'pending' });
    expect(asked.code).toBe(0);
    expect(synced.status.applications).toMatchObject([{ suspended: true }]);
    const images = (await containers()).map(({ image }) => image);
    expect(images).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
  });
});

function isReady({ conditions }: Application): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status);
}

function isRolledBack({ target, rollout, failed }: Application): boolean {
  return target === 'rollback' && rollout === null && failed.length > 0;
}

function idsOf(list: readonly ListedContainer[]): readonly string[] {
  return list.map(({ id }) => id).toSorted();
}
