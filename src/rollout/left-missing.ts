import type { HealSetting } from '../model/heal-policy.ts';
import type { ApplicationContext } from './application-context.ts';
import { choiceFor } from './differences.ts';
import type { SlotView } from './slot-view.ts';

/**
 * A slot that last-known-good filled; one that a commit adds, or a load, is not missing, it is new, and one that made room has
 * left.
 */
export function hadInstance({ record, target }: ApplicationContext, view: SlotView): boolean {
  if (record.rollout !== null || target.mode !== 'desired') return false;
  if (view.record?.evicted !== undefined) return false;
  if (view.service.mode === 'global') return view.record !== undefined;
  const good = record.lastKnownGood?.spec.services.find(({ name }) => name === view.service.name);
  const { reached = Infinity } = record.scales?.[view.service.name] ?? {};
  return good !== undefined && Number(view.slot) <= Math.min(good.replicas, reached);
}

/** What says that a slot which somebody has emptied stays so; null: it is filled. What we took out ourselves is. */
export function leftMissing(context: ApplicationContext, view: SlotView): HealSetting | null {
  const { record, host, others, service } = view;
  if (record === undefined || record.host !== host || !hadInstance(context, view)) return null;
  if (record.hash !== service.hash || record.pending || record.vacating || others.length > 0) {
    return null;
  }
  const setting = choiceFor(context, service, host, { class: 'missing', path: '' });
  return setting?.choice === 'heal' ? null : setting;
}
