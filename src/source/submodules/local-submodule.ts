import { missingCommit } from '../refusals.ts';
import { findGitdir } from '../find-gitdir.ts';
import type { RepositoryLocation } from '../location.ts';
import { ObjectStore } from '../object-store.ts';
import type { SubmoduleRepository } from './submodule-repository.ts';

/**
 * A submodule that is on this machine, read in place as a local repository is.
 *
 * @param path a Git directory, or a working tree with one
 * @param location what relative URLs of its own submodules are meant from
 * @throws StalledError `RepositoryNotFound`, `UnsupportedRepository`
 */
export async function openLocalSubmodule(
  path: string,
  location: RepositoryLocation,
): Promise<SubmoduleRepository> {
  const gitdir = await findGitdir(path);
  const where = `repository "${path}"`;
  const store = new ObjectStore(gitdir, where);
  return {
    where,
    location,
    gitdir,
    store,
    async bring(commit, signal) {
      signal.throwIfAborted();
      await store.refresh();
      if ((await store.findCommit(commit)) === undefined) throw missingCommit(commit, where);
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
