import type { HostName } from '../model/names.ts';
import type { ApplicationContext } from './application-context.ts';
import { failuresOf } from './fail-slot.ts';
import { repairDelayMs } from './heal.ts';
import type { SlotView } from './slot-view.ts';

/**
 * When a slot whose new version failed may be tried again, in milliseconds since the epoch: at once on another host, ever
 * later on the same one.
 */
export function nextAttemptAt(context: ApplicationContext, view: SlotView, host: HostName): number {
  const here = failuresOf(context, view).filter((failure) => failure.host === host);
  const last = here.at(-1);
  return last === undefined ? 0 : last.at + repairDelayMs(here.length);
}
