import type { RevisionName } from './revision.ts';

/** What of a repository is followed. */
export type FollowedRef =
  | { readonly kind: 'branch' | 'tag'; readonly name: string }
  | FollowedVersions
  /** Fixed: a full commit id. */
  | { readonly kind: 'commit'; readonly id: string };

/** The tag with the highest version that a range admits. */
export interface FollowedVersions {
  readonly kind: 'semver';
  /** As npm reads it. */
  readonly range: string;
  /** What stands before the version in the name of a tag; empty for nothing. */
  readonly tagPrefix: string;
}

/** The name of commits that were not found as the head of what is followed. */
export function nameOfRef(ref: FollowedRef): RevisionName {
  switch (ref.kind) {
    case 'branch':
      return { branch: ref.name };
    case 'tag':
      return { branch: ref.name, kind: 'tag' };
    case 'semver':
      return { branch: ref.tagPrefix + ref.range, kind: 'tag' };
    case 'commit':
      return { branch: 'commit', kind: 'commit' };
  }
}

/** A range in words, for messages. */
export function describeVersions({ range, tagPrefix }: FollowedVersions): string {
  return tagPrefix === '' ? `"${range}"` : `"${range}" of tags that begin with "${tagPrefix}"`;
}

/** In words, for messages. */
export function describeRef(ref: FollowedRef): string {
  switch (ref.kind) {
    case 'semver':
      return `the highest version in ${describeVersions(ref)}`;
    case 'commit':
      return `commit ${ref.id}`;
    default:
      return `${ref.kind} "${ref.name}"`;
  }
}

/** Why nothing can be committed to what is followed, and what to do. */
export function whyNoBranch(ref: FollowedRef): string {
  const next = { tag: 'move the tag', semver: 'push a higher tag', commit: 'configure its id' };
  const then = ref.kind === 'branch' ? '' : `, then ${next[ref.kind]}`;
  return `${describeRef(ref)} is followed, and only a branch takes commits. Make the commit on a branch by hand${then}`;
}
