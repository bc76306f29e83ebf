import type { FollowedRef } from '../model/followed-ref.ts';
import type { RevisionName } from '../model/revision.ts';
import { missingBranch, missingTag, missingVersion, unreadableRef } from './refusals.ts';
import { highestTag } from './tag-version.ts';

/** The refs of one repository as they are now. */
export interface RefLookup {
  /** What a ref names, by its full name; undefined when there is no such ref. */
  readonly find: (ref: string) => Promise<string | undefined>;
  /** The names of all refs below a folder such as `refs/tags/`, without it. */
  readonly list: (folder: string) => Promise<readonly string[]>;
}

/** Where that which is followed is now. */
export interface Tip extends RevisionName {
  /** The full name of a ref; or the id of a commit that is fixed. */
  readonly ref: string;
  readonly oid: string;
}

/**
 * @param where the repository, as messages name it
 * @throws StalledError `BranchNotFound`, `RepositoryEmpty`, `TagNotFound`; TransientError `PackCorrupt`
 */
export async function findTip(followed: FollowedRef, refs: RefLookup, where: string): Promise<Tip> {
  switch (followed.kind) {
    case 'branch':
      return findBranch(followed.name, refs, where);
    case 'tag':
      return findTag(followed.name, refs, where);
    case 'semver': {
      const tags = await refs.list('refs/tags/');
      const highest = highestTag(tags, followed);
      if (highest === undefined) throw missingVersion(followed, tags, where);
      return findTag(highest, refs, where);
    }
    case 'commit':
      return { branch: 'commit', kind: 'commit', ref: followed.id, oid: followed.id };
  }
}

async function findBranch(name: string, refs: RefLookup, where: string): Promise<Tip> {
  const ref = `refs/heads/${name}`;
  const oid = await refs.find(ref);
  if (oid !== undefined) return { branch: name, ref, oid };
  const branches = await refs.list('refs/heads/');
  throw branches.includes(name)
    ? unreadableRef('branch', name, where)
    : missingBranch(name, branches, where);
}

async function findTag(name: string, refs: RefLookup, where: string): Promise<Tip> {
  const ref = `refs/tags/${name}`;
  const oid = await refs.find(ref);
  if (oid !== undefined) return { branch: name, kind: 'tag', ref, oid };
  const tags = await refs.list('refs/tags/');
  throw tags.includes(name) ? unreadableRef('tag', name, where) : missingTag(name, tags, where);
}
