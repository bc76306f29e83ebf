/**
 * Which packs to make one of: the small ones, and of the others as many as are at most twice all that are smaller. So a large
 * pack is copied only when what is new is a good part of it, and the sizes of those that are left grow at least threefold.
 *
 * @param sizes bytes by name
 */
export function packsToJoin(sizes: ReadonlyMap<string, number>): readonly string[] {
  const ascending = [...sizes].toSorted(([, a], [, b]) => a - b);
  let smaller = 0;
  let count = 0;
  for (const [nth, [, bytes]] of ascending.entries()) {
    if (nth > 0 && bytes <= 2 * smaller) count = nth + 1;
    smaller += bytes;
  }
  return ascending.slice(0, count).map(([name]) => name);
}
