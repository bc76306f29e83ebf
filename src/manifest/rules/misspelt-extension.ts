import { distance } from 'fastest-levenshtein';

import { child, members, warn, type Cursor } from '../cursor.ts';
import type { Rule } from './rule.ts';

const extension = 'x-fleetwright';
/** A slip of the pen, and not some other tool's extension. */
const nearby = 3;

/** Keys that begin with `x-` are everyone's, so a slip in ours would go unnoticed, and the gate with it. */
export const extensionIsSpeltRight: Rule = ({ root }) => {
  judge(root);
  for (const [, service] of members(child(root, 'services'))) judge(service);
};

function judge(owner: Cursor): void {
  if (owner.node?.kind !== 'map') return;
  for (const key of owner.node.entries.keys()) {
    const isSlip = key.startsWith('x-') && key !== extension && distance(key, extension) <= nearby;
    if (!isSlip) continue;
    const message = `"${key}" is ignored (did you mean "${extension}"?)`;
    warn(
      child(owner, key),
      'misspelt-extension',
      message,
      `Write ${extension}, or choose a name further from it`,
    );
  }
}
