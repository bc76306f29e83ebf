import { hookFailed } from '../model/hooks.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { Action } from '../model/step.ts';
import type { Instance } from '../drift/identify.ts';
import { guardOf } from './retire.ts';
import type { SlotSituation } from './slot-situation.ts';
import { actOn, healBy } from './slot-situation.ts';

/** The entry beside a start of one that has been promoted: its hooks are to run again. */
export function dueEntries(
  { context, view }: SlotSituation,
  { container }: Instance,
): readonly JournalEntry[] {
  const known = context.world.journal.instances.get(container.id)?.postStart;
  const isSaid = known?.kind === 'due' || view.service.hooks?.postStart === undefined;
  return isSaid ? [] : [{ kind: 'hooks-due', slot: view.key, container: container.id }];
}

/** Runs the hooks. They have as long as the gate has. */
export function runPostStart(situation: SlotSituation, instance: Instance): void {
  actOn(
    situation,
    'post_start',
    'its post_start hooks have not run',
    hooksAction(situation, instance),
  );
}

/** Runs hooks that have failed once more, ever later: what has proved itself is repaired. */
export function rerunPostStart(
  situation: SlotSituation,
  instance: Instance,
  message: string,
): void {
  const { context, view } = situation;
  context.draft.block(view.service.name, view.slot, hookFailed, message);
  const healing = { path: 'post_start', reason: message, drift: null };
  healBy(situation, healing, hooksAction(situation, instance));
}

function hooksAction({ view }: SlotSituation, instance: Instance): Action {
  return {
    kind: 'run-hooks',
    guard: guardOf(instance, ['running']),
    name: instance.container.name,
    hooks: view.service.hooks?.postStart ?? [],
    limitMs: view.service.gate.healthyDeadlineMs,
  };
}
