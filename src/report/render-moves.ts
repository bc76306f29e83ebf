import type { Move } from '../placement/rebalance.ts';
import type { Style } from './style.ts';
import { wrap } from './text.ts';

/** The slots that a rebalance moves: from where, to where, and what for. */
export function renderMoves(moves: readonly Move[], style: Style): string {
  return moves
    .map(({ slot, from, to, why }) => {
      const what = style.bold(wrap(`${slot}: ${from} → ${to}`, '  ', ''));
      return `${what}\n${style.dim(wrap(why, '    '))}`;
    })
    .join('\n');
}
