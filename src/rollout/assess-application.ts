import type { Condition, Health } from '../model/condition.ts';
import { worstHealth } from '../model/condition.ts';
import type { Quarantine } from '../model/journal-state.ts';
import type { ApplicationContext } from './application-context.ts';
import type { Blocked, WaitKind } from './draft.ts';
import type { SlotView } from './slot-view.ts';
import { isSuspended } from './suspension.ts';
import type { Target } from './target.ts';

/** The status triple: `Ready`, `Reconciling`, `Stalled`, each with the reason that weighs most. */
export function conditionsOf(context: ApplicationContext, settled: boolean): readonly Condition[] {
  if (isSuspended(context)) return suspendedConditions(context);
  const stalled = stalledCondition(context);
  const isGood = isLastKnownGood(context, settled);
  const isReady = isGood && context.target.mode === 'desired';
  const ready: Condition = isReady
    ? condition('Ready', true, 'Converged', 'everything is as the commit asks')
    : condition('Ready', false, ...whyNotReady(context, stalled));
  const isFinal = stalled.status && context.draft.steps.length === 0;
  const isReconciling = !isReady && !(isFinal && hasNothingUnderWay(context));
  return [
    ready,
    isReconciling
      ? condition('Reconciling', true, 'Progressing', progressMessage(context))
      : condition('Reconciling', false, 'Idle', 'nothing is under way'),
    stalled,
  ];
}

function isLastKnownGood({ record, draft }: ApplicationContext, settled: boolean): boolean {
  if (!settled) return false;
  const isProvenNow = draft.entries.some((entry) => entry.kind === 'succeeded');
  const isWatched = draft.waiting.some(({ kind }) => kind === 'monitor');
  return isProvenNow || (record.lastKnownGood !== null && !isWatched);
}

function suspendedConditions({ desired }: ApplicationContext): readonly Condition[] {
  const message = desired.suspend
    ? `suspended by "suspend: true" in ${desired.file}: nothing is changed and nothing is healed`
    : 'suspended by request: nothing is changed and nothing is healed until "resume"';
  return [
    condition('Ready', false, 'Suspended', message),
    condition('Reconciling', false, 'Suspended', message),
    condition('Stalled', false, 'None', 'nothing blocks'),
  ];
}

function stalledCondition({ target, draft, hold }: ApplicationContext): Condition {
  const [failed] = target.failed;
  const undone = draft.blocked.find(({ reason }) => reason === 'RollbackFailed');
  if (undone !== undefined) return condition('Stalled', true, 'RollbackFailed', undone.message);
  if (failed !== undefined) {
    return condition('Stalled', true, modeReason(target.mode), failureMessage(target, failed));
  }
  if (hold?.kind === 'blocked') return condition('Stalled', true, hold.reason, hold.message);
  const promotion = draft.waiting.find(({ kind }) => kind === 'promotion');
  if (promotion !== undefined) {
    const message = `${promotion.service}: ${promotion.reason}`;
    return condition('Stalled', true, 'AwaitingPromotion', message);
  }
  const first = draft.blocked[0];
  // That hosts or registries have been in the way for too long says more than that they are, and its message says both.
  const overdue = draft.blocked.find(({ reason }) => reason === 'ProgressDeadlineExceeded');
  const blocked = first?.class === 'infrastructure' ? (overdue ?? first) : first;
  if (blocked === undefined) return condition('Stalled', false, 'None', 'nothing blocks');
  return condition('Stalled', true, blocked.reason, blockedMessage(blocked));
}

function failureMessage({ failedWith }: Target, failed: Quarantine): string {
  const { service, slot, host, commit, message } = failed;
  const group = failedWith === null ? '' : `with application "${failedWith}" of its group: `;
  const head = `${group}${service} failed in ${commit.slice(0, 10)}`;
  if (slot === '' || host === null) return `${head}: ${message}`;
  return `${head}: ${service}/${slot} on host "${host}": ${message}`;
}

function modeReason(mode: 'desired' | 'rollback' | 'halted'): string {
  return mode === 'rollback' ? 'RolledBack' : 'Halted';
}

function blockedMessage({ service, slot, message }: Blocked): string {
  if (service === '') return message;
  return slot === '' ? `${service}: ${message}` : `${service}/${slot}: ${message}`;
}

function whyNotReady(context: ApplicationContext, stalled: Condition): [string, string] {
  if (stalled.status) return [stalled.reason, stalled.message];
  return ['Progressing', progressMessage(context)];
}

function progressMessage({ draft }: ApplicationContext): string {
  const [step] = draft.steps;
  if (step !== undefined) return `${step.action.kind} for ${step.service}/${step.slot}`;
  const [waiting] = draft.waiting;
  if (waiting === undefined) return 'waits for the hosts';
  return waiting.service === ''
    ? waiting.reason
    : `${waiting.service}/${waiting.slot}: ${waiting.reason}`;
}

/** Nothing is being executed, no gate is open, and nothing waits for anything but its next try. */
function hasNothingUnderWay({ views, draft }: ApplicationContext): boolean {
  const slots = views.flatMap((one) => one.slots);
  const isQuiet = slots.every(
    ({ inFlight, phase }) =>
      inFlight === undefined && !(phase.kind === 'probation' && phase.verdict.kind !== 'failed'),
  );
  return isQuiet && !draft.waiting.some(({ kind }) => underWay.has(kind));
}

/** What goes on by itself, without a step. */
const underWay: ReadonlySet<WaitKind> = new Set(['step', 'image', 'gate', 'traffic']);

function condition(
  type: Condition['type'],
  status: boolean,
  reason: string,
  message: string,
): Condition {
  return { type, status, reason, message };
}

export function assessHealth(context: ApplicationContext): Health {
  const least: readonly Health[] = isSuspended(context) ? ['suspended'] : [];
  const slots = context.views.flatMap((one) => one.slots);
  return worstHealth([...least, ...slots.map(slotHealth)]);
}

function slotHealth(view: SlotView): Health {
  if (view.available) return 'healthy';
  if (view.phase.kind === 'created' || view.inFlight !== undefined) return 'progressing';
  if (view.phase.kind === 'probation') {
    return view.phase.verdict.kind === 'failed' ? 'degraded' : 'progressing';
  }
  return view.current === null && view.others.length === 0 ? 'missing' : 'degraded';
}
