import type { Diagnostic } from './diagnostic.ts';
import type { HistoryEntry } from './history.ts';
import { historyEntry } from './history.ts';
import type { Revision } from './revision.ts';

export function tellAccepted({ commit, author, subject }: Revision, at: number): HistoryEntry {
  return historyEntry({ at, kind: 'commit-accepted', commit, actor: author, message: subject });
}

export function tellRejected(
  { commit, author, subject }: Revision,
  diagnostics: readonly Diagnostic[],
  at: number,
): HistoryEntry {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const rejected = { at, kind: 'commit-rejected', commit, actor: author, cause: subject } as const;
  if (first === undefined) return historyEntry({ ...rejected, result: 'refused' });
  const { file, line, column, path, message } = first;
  return historyEntry({
    ...rejected,
    origin: { file, line, column },
    fields: path === '' ? [] : [path],
    result: 'refused',
    message: `${message}${more}`,
  });
}

/**
 * The first entry of all.
 *
 * @param inForce the commit that was found in force
 * @param why what is known of why there is nothing before it; empty: nothing
 */
export function tellBegun(inForce: Revision | null, why: string, at: number): HistoryEntry {
  const found =
    inForce === null
      ? 'no commit is in force yet'
      : `commit ${inForce.commit.slice(0, 12)} by ${inForce.author} was found in force`;
  const commit = inForce?.commit ?? null;
  const message = `nothing is remembered of what was before; ${found}`;
  return historyEntry({ at, kind: 'journal-begun', commit, cause: why, message });
}
