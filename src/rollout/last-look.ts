import type { HostName } from '../model/names.ts';
import type { ApplicationContext } from './application-context.ts';
import type { SlotView } from './slot-view.ts';

/**
 * The hosts of these slots that were not looked at after a watch had ended. A host can have fallen silent in the middle of
 * it without anybody having noticed yet: what nobody has seen well at the end has not been well until then.
 *
 * @param from when the watch began, milliseconds since the epoch
 * @param until when it ended; a watch without length needs no second look
 */
export function unseenAfter(
  { world }: Pick<ApplicationContext, 'world'>,
  slots: readonly SlotView[],
  from: number,
  until: number,
): readonly HostName[] {
  if (until <= from) return [];
  const hosts = new Set(slots.flatMap(({ host }) => host ?? []));
  return [...hosts].filter((host) => {
    const observation = world.observations.get(host);
    return observation?.kind === 'reachable' && observation.observedAt < until;
  });
}

/** What a reboot has started again, perhaps while nobody looked, is watched anew: from its start, in milliseconds. */
export function watchedFrom(settledAt: number, slots: readonly SlotView[]): number {
  return Math.max(settledAt, ...slots.map(({ current }) => current?.container.startedAt ?? 0));
}
