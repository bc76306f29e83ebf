import type { CommitSha } from './names.ts';

/** Under which name a commit was found. */
export interface RevisionName {
  /** The followed branch; or the tag, or `commit` for one that is fixed. */
  readonly branch: string;
  /** What `branch` is, when it is no branch. */
  readonly kind?: 'tag' | 'commit';
}

/** A commit of what is followed, as the source read it. */
export interface Revision extends RevisionName {
  readonly commit: CommitSha;
  readonly author: string;
  /** Milliseconds since the epoch, from the author line. */
  readonly date: number;
  /** First line of the commit message. */
  readonly subject: string;
}

/** `main@sha1:<commit>`, the notation of Flux. */
export function formatRevision(revision: Pick<Revision, 'branch' | 'commit'>): string {
  return `${revision.branch}@sha1:${revision.commit}`;
}

/** The same commit under another name. */
export function renamed(revision: Revision, { branch, kind }: RevisionName): Revision {
  const { commit, author, date, subject } = revision;
  return { branch, ...(kind === undefined ? {} : { kind }), commit, author, date, subject };
}
