/** Whether a pattern takes in a text: `*` stands for any characters, `?` for one. */
export function matchesGlob(pattern: string, text: string): boolean {
  return meet(pattern, text, (char) => char);
}

/** Whether some text is taken in by both patterns. */
export function globsMeet(a: string, b: string): boolean {
  return meet(a, b, (char) => (char === '?' ? null : char));
}

/**
 * Whether a pattern and a text, or two patterns, have something in common. Row by row, so that no pattern takes longer
 * than its length times the other's.
 *
 * @param of what a character of `b` stands for; null: any. `*` in `b` stands for itself in a text
 */
function meet(a: string, b: string, of: (char: string) => string | null): boolean {
  const isPattern = of('?') === null;
  const isStar = (char: string | undefined): boolean => isPattern && char === '*';
  const others = b.split('');
  let row = [true, ...others.map((_, at) => others.slice(0, at + 1).every(isStar))];
  for (const char of a.split('')) {
    const next = [char === '*' && row[0] === true];
    for (const [before, other] of others.entries()) {
      const at = before + 1;
      const isTaken = char === '*' || isStar(other);
      const isSame = char === '?' || of(other) === null || char === other;
      const skips = isTaken && (row[at] === true || next[before] === true);
      next.push(skips || (row[before] === true && (isSame || isTaken)));
    }
    row = next;
  }
  return row[others.length] === true;
}
