import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Proposal } from '../../src/generated/proposal.ts';
import { Commands } from '../support/command-line.ts';
import { ConfigRepository } from '../support/config-repository.ts';
import { listContainers } from '../support/containers.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';

const manifest = `# Ours since 2024.
x-small: &small   64M   # enough
services:
  web:   { image: "testapp:v1", mem_limit: *small }
`;

describe('drift --to-branch, on a real engine', () => {
  const { hosts, credentials } = sharedSandbox();
  let repository: ConfigRepository;
  let commands: Commands;

  beforeAll(async () => {
    repository = await ConfigRepository.create('to-branch-test', hosts);
    commands = new Commands(repository, credentials);
    await repository.write('shop/compose.yaml', manifest);
    await repository.commit('shop');
    await commands.run('sync');
  });
  afterAll(async () => {
    await clearHosts(hosts, 'to-branch-test');
    await repository[Symbol.asyncDispose]();
  });

  it('makes a proposal of a limit that --watch has seen changed, and the merge of it needs no step', async () => {
    await using watch = commands.watchDrift();
    await eventually('the first report', async () => watch.documents().at(0) ?? null);
    const [web] = await listContainers(hosts, 'to-branch-test');
    const host = hosts.find(({ name }) => name === web?.host);
    if (web === undefined || host === undefined) throw new Error('there is a container');
    await shellOf(host)
      .getContainer(web.id)
      .update({ Memory: 96 * 2 ** 20, MemorySwap: 192 * 2 ** 20 });

    const changed = await eventually('the change in the watch', async () => {
      const last = watch.documents().at(-1);
      return last !== undefined && last.items.length > 0 ? last : null;
    });
    expect(changed.items).toMatchObject([{ path: 'deploy.resources.limits.memory' }]);
    expect(watch.documents()[0]?.items).toEqual([]);

    const told = await commands.run('drift', '--to-branch', 'keep-limit', '--output', 'json');

    expect(told.code, told.stderr).toBe(0);
    const { changes, commit } = JSON.parse(told.stdout) as Proposal;
    expect(changes).toMatchObject([
      { path: 'deploy.resources.limits.memory', written: '96M', line: 2, column: 19 },
    ]);
    expect(await repository.git('rev-parse', 'keep-limit')).toBe(commit);
    expect(await repository.git('show', 'keep-limit:shop/compose.yaml')).toBe(
      manifest.replace('64M', '96M').trimEnd(),
    );
    await repository.git('merge', '--quiet', 'keep-limit');
    const { code, stdout } = await commands.run('plan', '--exit-code');
    expect(code, stdout).toBe(0);
    expect((await listContainers(hosts, 'to-branch-test')).map(({ id }) => id)).toEqual([web.id]);
  });
});
