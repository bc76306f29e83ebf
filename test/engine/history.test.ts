import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Entry, History } from '../../src/generated/history.ts';
import { validateHistory, validateWhy } from '../../src/generated/validators.js';
import type { Why } from '../../src/generated/why.ts';
import { Commands, fleetwright } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import type { ListedContainer } from '../support/containers.ts';
import { listContainers } from '../support/containers.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

function web(image: string): object {
  return {
    services: { web: { image, deploy: { replicas: 2, update_config: { monitor: '0s' } } } },
  };
}

describe('the history of a fleet on three engines', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeEach(async () => {
    repository = await ConfigRepository.create('history-test', hosts);
    commands = new Commands(repository, credentials);
  });
  afterEach(async () => {
    await clearHosts(hosts, 'history-test');
    await repository[Symbol.asyncDispose]();
  });

  const commit = async (manifest: object): Promise<string> => {
    await repository.write('shop/compose.yaml', manifest);
    return repository.commit('change the shop');
  };
  const shopContainers = async (): Promise<readonly ListedContainer[]> =>
    (await listContainers(hosts, 'history-test')).filter(({ name }) => name.startsWith('shop-'));
  const history = async (...args: readonly string[]): Promise<readonly Entry[]> => {
    const state = `--state=${repository.beside('state')}`;
    const { stdout } = await fleetwright('history', state, '--output=json', ...args);
    const document = JSON.parse(stdout) as History;
    validateHistory(document);
    expect(validateHistory.errors).toBeNull();
    return document.entries.toReversed();
  };

  it('tells a deploy, a failure with the way back, a repair and a prune, and why things run', async () => {
    await repository.write('blog/compose.yaml', web('testapp:v1'));
    const first = await commit(web('testapp:v1'));
    expect((await commands.sync()).code).toBe(0);
    const bad = await commit(web('testapp:crash'));
    expect((await commands.sync()).code).toBe(1);
    const before = await shopContainers();
    const [victim] = before;
    const host = hosts.find(({ name }) => name === victim?.host);
    if (victim === undefined || host === undefined) throw new Error('there is a container');
    await shellOf(host).getContainer(victim.id).remove({ force: true });
    await commands.sync();
    await repository.write('shop/compose.yaml', web('testapp:v1'));
    await repository.git('rm', '--quiet', 'blog/compose.yaml');
    const without = await repository.commit('no blog');
    expect((await commands.sync()).code).toBe(0);

    const shop = await history('shop');
    const author = shop[0]?.actor;
    expect(author).not.toBe('');
    expect(shop).toEqual([
      expect.objectContaining({ kind: 'rollout-started', commit: first, actor: author }),
      expect.objectContaining({ kind: 'rollout-succeeded', commit: first, actor: author }),
      expect.objectContaining({ kind: 'rollout-started', commit: bad, actor: author }),
      expect.objectContaining({ kind: 'attempt-failed', commit: bad, result: 'failed' }),
      expect.objectContaining({ kind: 'attempt-failed', commit: bad, result: 'failed' }),
      expect.objectContaining({ kind: 'rollout-failed', commit: bad, result: 'failed' }),
      expect.objectContaining({ kind: 'rollback-started', actor: 'fleetwright' }),
      expect.objectContaining({ kind: 'rolled-back', commit: first }),
      expect.objectContaining({ kind: 'healed', result: 'done', steps: 3 }),
    ]);
    expect(shop.find(({ kind }) => kind === 'healed')).toMatchObject({
      actor: 'fleetwright',
      cause: 'its instance is missing',
    });
    expect((await history('blog')).slice(-2)).toMatchObject([
      { kind: 'application-removed', commit: without, actor: author },
      { kind: 'pruned', commit: without, actor: author },
    ]);
    expect(
      (await history('--host', host.name, '--steps')).some(({ kind }) => kind === 'step'),
    ).toBe(true);

    const healed = (await shopContainers()).find(({ id }) =>
      before.every((container) => container.id !== id),
    );
    const said = await commands.run('why', healed?.id.slice(0, 12) ?? '', '--output=json');
    expect(said.code, said.stderr).toBe(0);
    const why = JSON.parse(said.stdout) as Why;
    validateWhy(why);
    expect(validateWhy.errors).toBeNull();
    expect(why).toMatchObject({ application: 'shop', actions: [], waits: [] });
    expect(why.slots).toMatchObject([
      {
        container: healed?.name,
        author,
        origin: { file: 'shop/compose.yaml' },
        decision: { kind: 'healed' },
        phase: 'promoted',
      },
    ]);
    expect([first, bad]).toContain(why.slots[0]?.commit);
    expect(why.slots[0]?.steps.map(({ action }) => action)).toEqual([
      'create-container',
      'start-container',
      'update-container',
    ]);
    const text = await commands.run('why', 'shop/web');
    expect(text.stdout).toContain('shop/compose.yaml:');
    expect((await commands.run('why', 'shpo')).code).toBe(2);
  });
});
