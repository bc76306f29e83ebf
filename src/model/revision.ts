import type { CommitSha } from './names.ts';

/** A commit of the followed branch, as the source read it. */
export interface Revision {
  readonly branch: string;
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
