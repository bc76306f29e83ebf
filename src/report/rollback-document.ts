import type { Rollback } from '../generated/rollback.ts';
import type { Revision } from '../model/revision.ts';

export interface RollbackInput {
  readonly application: string;
  readonly from: Revision;
  readonly to: Revision;
  /** Null when none was made. */
  readonly commit: string | null;
  readonly files: Iterable<string>;
}

/** A rollback as a document: schemas/rollback.schema.json. */
export function rollbackDocument(input: RollbackInput): Rollback {
  const { application, from, to, commit, files } = input;
  return {
    version: 1,
    application,
    from: from.commit,
    to: to.commit,
    commit,
    files: [...files],
    pushed: commit !== null,
  };
}
