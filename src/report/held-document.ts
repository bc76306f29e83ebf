import type { HeldPrune } from '../rollout/prune.ts';
import type { Style } from './style.ts';
import { wrap } from './text.ts';

export interface HeldDocument {
  applications: string[];
  of: number;
  commits: string[];
}

export function heldDocument(held: HeldPrune | null): HeldDocument | null {
  if (held === null) return null;
  const { applications, of, commits } = held;
  return { applications: [...applications], of, commits: [...commits] };
}

/** What is held and how it is approved. */
export function renderHeld(held: HeldDocument, style: Style): string {
  const names = held.applications.join(', ');
  const commits = held.commits.map((commit) => commit.slice(0, 12));
  const what = `${held.applications.length} of ${held.of} applications would be removed at once (${names}). Nothing of them is touched until that is approved:`;
  return [
    style.yellow(wrap(what, '  ', 'Held: ')),
    wrap(`fleetwright sync --approve-prune ${commits.join(' ')}`, '    ', '  '),
    '  or in fleet.yaml:',
    wrap(`prune: { approved: [${commits.join(', ')}] }`, '      ', '    '),
  ].join('\n');
}
