import type { Matter, Notice, Subscription } from '../model/notice.ts';
import { wantsEnd } from '../model/notice.ts';

export interface Reminder {
  readonly receiver: string;
  /** Id of the notice that the matter began with. */
  readonly matter: string;
  /** How many intervals have passed since. */
  readonly number: number;
  readonly notice: Notice;
}

/**
 * What a receiver is to be reminded of. After a while in which nobody could remind it is reminded once.
 *
 * @param reminded numbers of the last reminders, by matter
 */
export function dueReminders(
  open: ReadonlyMap<string, Matter>,
  subscription: Subscription,
  reminded: ReadonlyMap<string, number>,
  now: number,
): readonly Reminder[] {
  const { name: receiver, reminderMs, isStatus } = subscription;
  if (reminderMs === null || isStatus) return [];
  return [...open.values()].flatMap((matter) => {
    const number = Math.floor((now - matter.at) / reminderMs);
    if (number < 1 || number <= (reminded.get(matter.id) ?? 0)) return [];
    if (!wantsEnd(subscription, matter)) return [];
    const id = `${matter.id}-r${number}`;
    const reminds = matter.id;
    const notice: Notice = { ...matter.latest, id, event: 'reminder', at: now, reminds };
    return [{ receiver, matter: matter.id, number, notice }];
  });
}
