import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { checkConnectivity } from '../../../src/source/check-connectivity.ts';
import { ObjectStore } from '../../../src/source/object-store.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';
import { never } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;
let store: ObjectStore;

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(scratch.path);
  store = new ObjectStore(join(scratch.path, '.git'), 'the test');
});

afterEach(() => scratch[Symbol.asyncDispose]());

/** Runs the check and gives the ids that it asked for, all of which are there but `missing`. */
async function asked(commit: string, known?: string, missing?: string): Promise<string[]> {
  const oids: string[] = [];
  const has = (oid: string): boolean => {
    oids.push(oid);
    return oid !== missing;
  };
  await checkConnectivity(store, has, commit, known, never);
  return oids.toSorted();
}

it('checkConnectivity() asks for every object of a commit', async () => {
  const commit = await repository.commit({ a: '1', 'x/b': '2', 'x/y/c': { link: '3' } });

  const listed = await repository.git('ls-tree', '-r', '-t', '--format=%(objectname)', commit);
  const root = await repository.git('rev-parse', 'HEAD^{tree}');

  expect(await asked(commit)).toEqual([commit, root, ...listed.split('\n')].toSorted());
});

it('checkConnectivity() asks only for what is not in the commit that was checked before', async () => {
  const known = await repository.commit({ 'a/1': '1', 'b/1': '1', 'b/2': '2' });
  const commit = await repository.commit({ 'b/2': 'changed' });

  const names = ['HEAD', 'HEAD^{tree}', 'HEAD:b', 'HEAD:b/2'];
  const oids = await Promise.all(names.map((name) => repository.git('rev-parse', name)));

  expect(await asked(commit, known)).toEqual(oids.toSorted());
});

it.each(['HEAD', 'HEAD^{tree}', 'HEAD:x', 'HEAD:x/b'])(
  'checkConnectivity() refuses a commit when %s is missing',
  async (name) => {
    const commit = await repository.commit({ 'x/b': '1' });
    const missing = await repository.git('rev-parse', name);

    await expect(asked(commit, undefined, missing)).rejects.toThrow(missing);
  },
);

it('checkConnectivity() does not ask for submodules, nor for the empty tree', async () => {
  const first = await repository.commit({});
  await repository.git('update-index', '--add', '--cacheinfo', `160000,${first},sub`);
  await repository.git('commit', '-q', '-m', 'add a submodule');
  const second = await repository.git('rev-parse', 'HEAD');

  expect(await asked(first)).toEqual([first]);
  expect(await asked(second)).toHaveLength(2);
});
