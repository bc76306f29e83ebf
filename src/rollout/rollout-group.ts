import type { ApplicationSpec } from '../model/application.ts';
import type { Condition } from '../model/condition.ts';
import type { JournalState } from '../model/journal-state.ts';
import type { ApplicationDecision } from './decide-application.ts';
import { isChanging } from './is-changing.ts';
import type { Target } from './target.ts';

/**
 * The targets after the failures of groups: when what the commit asks for has failed in one member, the others go back to
 * last-known-good too, or halt where there is none. A member that the commit does not change stays as it is.
 *
 * @param targets one for each of `specs`, in their order
 * @param specs what the commit asks for
 */
export function groupTargets(
  targets: readonly Target[],
  specs: readonly ApplicationSpec[],
  journal: JournalState,
): readonly Target[] {
  const failed = failedMembers(targets, specs);
  if (failed.size === 0) return targets;
  return targets.map((target, index) => {
    const spec = specs[index];
    if (spec === undefined || spec.rolloutGroup === null || target.mode !== 'desired') {
      return target;
    }
    const failure = failed.get(spec.rolloutGroup);
    if (failure === undefined || !isChanging(spec, journal.applications.get(spec.name)))
      return target;
    const good = journal.applications.get(spec.name)?.lastKnownGood ?? null;
    const base = { failed: failure.failed, failedWith: failure.application };
    return good === null
      ? { ...base, spec, commit: target.commit, mode: 'halted' }
      : { ...base, spec: good.spec, commit: good.commit, mode: 'rollback' };
  });
}

interface FailedMember {
  readonly application: string;
  readonly failed: Target['failed'];
}

/** The first member by name that has failed, by group. */
function failedMembers(
  targets: readonly Target[],
  specs: readonly ApplicationSpec[],
): ReadonlyMap<string, FailedMember> {
  const found = new Map<string, FailedMember>();
  for (const [index, { mode, failed }] of targets.entries()) {
    const spec = specs[index];
    if (spec === undefined || spec.rolloutGroup === null || mode === 'desired') continue;
    const first = found.get(spec.rolloutGroup);
    if (first !== undefined && first.application < spec.name) continue;
    found.set(spec.rolloutGroup, { application: spec.name, failed });
  }
  return found;
}

/**
 * The decisions after the successes of groups: last-known-good moves for all members of a group in one decision, or for
 * none. Until the last one is ready, the others wait for it, and can still be rolled back with it.
 *
 * @param decisions one for each of `specs`, in any order
 */
export function landTogether(
  decisions: readonly ApplicationDecision[],
  specs: readonly ApplicationSpec[],
  journal: JournalState,
): readonly ApplicationDecision[] {
  const groups = new Map(specs.map(({ name, rolloutGroup }) => [name, rolloutGroup]));
  const changing = new Set(
    specs
      .filter((spec) => isChanging(spec, journal.applications.get(spec.name)))
      .map(({ name }) => name),
  );
  const awaited = new Map<string, string>();
  for (const decision of decisions) {
    const { application } = decision;
    const group = groups.get(application) ?? null;
    if (group === null || isLanding(decision, changing.has(application))) continue;
    const first = awaited.get(group);
    if (first === undefined || application < first) awaited.set(group, application);
  }
  return decisions.map((decision) => {
    const { application } = decision;
    const other = awaited.get(groups.get(application) ?? '');
    const lands = changing.has(application) && isLanding(decision, true);
    return other === undefined || !lands ? decision : heldBack(decision, other);
  });
}

function isLanding(
  { entries, target, conditions }: ApplicationDecision,
  changes: boolean,
): boolean {
  if (changes) return entries.some(({ kind }) => kind === 'succeeded');
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status);
  return target.mode === 'desired' && isReady;
}

/** The decision on an application that is ready before its group is. */
function heldBack(decision: ApplicationDecision, other: string): ApplicationDecision {
  const { application } = decision;
  const reason = `its group lands together: waits for application "${other}"`;
  const waiting = {
    application,
    kind: 'turn',
    service: '',
    slot: '',
    host: null,
    reason,
    until: null,
  } as const;
  return {
    ...decision,
    entries: decision.entries.filter(({ kind }) => kind !== 'succeeded'),
    waiting: [...decision.waiting, waiting],
    conditions: decision.conditions.map((condition) => whileHeld(condition, reason)),
  };
}

function whileHeld(condition: Condition, message: string): Condition {
  const { type } = condition;
  if (type === 'Ready') return { type, status: false, reason: 'WaitingForGroup', message };
  if (type === 'Reconciling') return { type, status: true, reason: 'Progressing', message };
  return condition;
}
