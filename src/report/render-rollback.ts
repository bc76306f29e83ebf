import type { Revision } from '../model/revision.ts';
import type { Style } from './style.ts';
import { columns, quote } from './text.ts';

export interface RollbackFacts {
  readonly application: string;
  readonly from: Revision;
  readonly to: Revision;
  /** By path: null when the file goes. */
  readonly edits: ReadonlyMap<string, string | null>;
  /** Null for a dry run. */
  readonly commit: Revision | null;
  /** The message of the commit. */
  readonly message: string;
  /** The repository, without credentials. */
  readonly repository: string;
}

/** A rollback as text: the version that comes back, the files, and where the commit went or what it would say. */
export function renderRollback(facts: RollbackFacts, style: Style): string {
  const { application, from, to, edits, commit, message, repository } = facts;
  const rows = [...edits].map(([path, oid]) => [oid === null ? 'remove' : 'restore', path]);
  const title = commit === null ? `${application} would go back to` : `${application} goes back to`;
  const end =
    commit === null
      ? ['Dry run: nothing is committed. The message would be:', '', ...quote(message)]
      : [
          style.green(
            `Committed ${commit.commit.slice(0, 12)} and pushed it to ${commit.branch} of ${repository}`,
          ),
        ];
  return [
    `${style.bold(title)} ${describeRevision(to)}`,
    `  it takes back ${describeRevision(from)}`,
    ...columns(rows, '  '),
    '',
    ...end,
  ].join('\n');
}

/** `1a2b3c4d5e6f "subject"`. */
export function describeRevision({ commit, subject }: Revision): string {
  return `${commit.slice(0, 12)} "${subject}"`;
}
