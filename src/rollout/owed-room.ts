import type { HostName } from '../model/names.ts';
import type { Leaving } from './evictions.ts';
import { placeOf } from './draft.ts';
import type { SlotSituation } from './slot-situation.ts';
import { retire } from './slot-situation.ts';

/**
 * Whether less important slots are still where one is to be made. They are asked to leave as soon as nothing else is waited for,
 * and not before: what could go wrong without touching them has gone well. What is new there waits too for those that leave for
 * others, since their room is given away already.
 */
export function awaitsRoom({ context, view }: SlotSituation, host: HostName): boolean {
  const { leaving, draft, world } = context;
  // What was there before, or makes room itself, has a place of its own.
  const isNew = view.record?.host !== host && roomOwed({ context, view }) === null;
  const inTheWay = [...leaving].filter(
    ([, one]) =>
      one.host === host &&
      (one.by === view.key
        ? one.isLive || !one.hasBegun
        : isNew && (one.hasBegun ? one.isLive : one.latecomers.has(view.key))),
  );
  for (const [slot, { hasBegun, by }] of inTheWay) {
    // What a journal that was lost does not know is seen first.
    const isKnown = world.journal.slots.has(slot);
    if (by === view.key && !hasBegun && isKnown) {
      draft.entries.push({ kind: 'slot-evicted', slot, host, by: view.key });
    }
  }
  if (inTheWay.length === 0) return false;
  const names = inTheWay.map(([slot]) => slot).toSorted();
  const isOwn = inTheWay.some(([, { by }]) => by === view.key);
  const what = isOwn ? 'room is made for it' : 'room is made first';
  draft.wait('turn', placeOf(view), `${what} by ${names.join(', ')}`);
  return true;
}

/** What a slot was asked to leave for something more important, and has not left; null: nothing. */
export function roomOwed({
  context,
  view,
}: Pick<SlotSituation, 'context' | 'view'>): Leaving | null {
  const leaving = context.leaving.get(view.key);
  return leaving?.hasBegun === true ? leaving : null;
}

/** Takes the next step on the way out of a slot that makes room; false: it is not to make any. */
export function makeRoom(situation: SlotSituation): boolean {
  const owed = roomOwed(situation);
  if (owed === null) return false;
  const instance = situation.view.others.find(({ container }) => container.host === owed.host);
  if (instance === undefined) return false;
  retire(situation, instance, `it makes room for ${owed.forWhom}`, 'x-fleetwright.priority');
  return true;
}

/** It was made elsewhere before it left, and that has come to nothing: it is not waited for any longer. */
export function isMovedInVain({ context, view }: SlotSituation): boolean {
  const { record, host, phase } = view;
  if (roomOwed({ context, view }) === null || phase.kind !== 'absent') return false;
  return record?.host === host && !record.pending;
}
