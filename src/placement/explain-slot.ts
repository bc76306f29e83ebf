import type { Board } from './board.ts';
import { lastingExclusions, placeExclusions, tiesOf, type Ties } from './exclusions.ts';
import { explain, type Exclusion } from './explain.ts';
import type { Slot } from './slot.ts';
import { strayFrom } from './stray.ts';

/** Why no host takes a slot, as it stands. */
export function explainSlot(
  board: Board,
  slot: Slot,
  ties: Ties = tiesOf(board, slot.demand),
): string {
  const { candidates, input } = board;
  const { demand } = slot;
  const judged =
    demand.service.mode === 'global'
      ? [...candidates.values()].filter(({ name }) => name === slot.slot)
      : [...candidates.values()];
  const unseen = input.hosts.filter(({ name }) => !candidates.has(name));
  const exclusions: readonly Exclusion[] = [
    ...unseen.map(() => 'unreachable'),
    ...judged.flatMap((host) => [
      ...lastingExclusions(demand, ties, host),
      ...strayFrom(board, slot, host.name),
      ...placeExclusions(demand, host),
    ]),
  ];
  return explain(input.hosts.length, exclusions);
}
