import { complain, items, readText, type Cursor } from '../cursor.ts';
import { didYouMean } from '../suggest.ts';

/**
 * Complains of names in a selector that are neither of a host nor of a group.
 *
 * @param noun what may be named
 */
export function judgeHostNames(
  place: Cursor,
  known: readonly string[],
  noun: 'host' | 'host or group' = 'host or group',
): void {
  const named = place.node?.kind === 'scalar' ? [place] : items(place);
  for (const item of named) {
    const name = readText(item);
    if (name === null || known.includes(name)) continue;
    const message = `no ${noun} is named "${name}"${didYouMean(name, known)}`;
    complain(item, 'unknown-host', message, 'Correct the name, or remove it');
  }
}
