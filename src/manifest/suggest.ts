import { closest, distance } from 'fastest-levenshtein';

/** The candidate that `word` is most likely a slip of, or undefined when none is near. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const list = [...candidates].filter((candidate) => candidate !== word);
  if (list.length === 0) return undefined;
  const best = closest(word, list);
  const allowed = Math.max(1, Math.floor(Math.min(word.length, best.length) / 3));
  return distance(word, best) <= allowed ? best : undefined;
}

/** ` (did you mean "x"?)`, to put behind a message, or an empty text. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const meant = suggest(word, candidates);
  return meant === undefined ? '' : ` (did you mean "${meant}"?)`;
}
