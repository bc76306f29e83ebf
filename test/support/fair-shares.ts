/**
 * Shares things out so that all shares weigh about the same: what weighs most first, to whoever has least.
 *
 * @param held what each share holds already
 */
export function fairShares<Thing>(
  things: readonly Thing[],
  weigh: (thing: Thing) => number,
  held: readonly number[],
): readonly (readonly Thing[])[] {
  const shares = held.map((weight) => ({ weight, things: [] as Thing[] }));
  for (const thing of things.toSorted((a, b) => weigh(b) - weigh(a))) {
    const lightest = shares.reduce((least, share) => (share.weight < least.weight ? share : least));
    lightest.weight += weigh(thing);
    lightest.things.push(thing);
  }
  return shares.map((share) => share.things);
}
