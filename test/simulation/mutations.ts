/** A deliberate fault of the kind that engineers make: one text of one file replaced by another. */
export interface Mutation {
  readonly name: string;
  /** From the root of the checkout. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly text: string;
  readonly becomes: string;
}

const mutations = {
  'the bound of the budget is off by one': [
    'src/rollout/budget.ts',
    'this.#bound = slots.length + Math.max(surge, canaries);',
    'this.#bound = slots.length + Math.max(surge, canaries) + 1;',
  ],
  'the floor of the budget is off by one': [
    'src/rollout/budget.ts',
    'this.#floor = slots.length - unavailable;',
    'this.#floor = slots.length - unavailable - 1;',
  ],
  'what may be missing is rounded up': [
    'src/rollout/shares.ts',
    'Math.floor(exactShare(policy.maxUnavailable, slots))',
    'Math.ceil(exactShare(policy.maxUnavailable, slots))',
  ],
  'what is leaving counts as available': [
    'src/rollout/budget.ts',
    'slots.filter((view) => view.available && !isLeaving(view)).length',
    'slots.filter((view) => view.available || isLeaving(view)).length',
  ],
  'last-known-good moves without the bake': [
    'src/rollout/decide-completion.ts',
    'if (now >= until) return succeed(context);',
    'if (settledAt !== null) return succeed(context);',
  ],
  'last-known-good moves when some slots are not settled': [
    'src/rollout/decide-application.ts',
    'slots.every(isSettled);',
    '(slots.length === 0 || slots.some(isSettled));',
  ],
  'no fence before a stop': [
    'src/rollout/retire.ts',
    "if (container.restart.name !== 'no') {",
    "if (container.restart.name !== 'no' && container.state === 'restarting') {",
  ],
  'promoted before the gate has passed': [
    'src/rollout/decide-slot.ts',
    "if (verdict.kind === 'waiting') {",
    "if (verdict.kind === 'waiting' && current.container.state !== 'running') {",
  ],
  'the gate passes at the first good answer': [
    'src/rollout/gate.ts',
    'return checkedAt >= readySince + minHealthyTimeMs;',
    'return checkedAt >= readySince || minHealthyTimeMs === 0;',
  ],
  'a quarantine is forgotten': [
    'src/model/reduce-application.ts',
    "case 'rolled-back':\n      return { ...record, rollout: null };",
    "case 'rolled-back':\n      return { ...record, rollout: null, quarantined: [] };",
  ],
  'a rollback goes to the last attempt': [
    'src/rollout/target.ts',
    "return { ...base, spec: good.spec, commit: good.commit, mode: 'rollback' };",
    "return { ...base, spec, commit: good.commit, mode: 'rollback' };",
  ],
  'pruned without waiting for the rollouts': [
    'src/rollout/prune.ts',
    'if (prunable.length === 0 || !isRolledOut) {',
    'if (prunable.length === 0 && !isRolledOut) {',
  ],
  'pruned although no accepted commit had it': [
    'src/rollout/prune.ts',
    'const removed = [...world.journal.applications]\n    .filter(([, { removedBy }]) => removedBy !== null)\n    .map(([name]) => name)\n    .toSorted();',
    'const removed = [...orphans.keys()].toSorted();',
  ],
  'the epoch is not raised': [
    'src/rollout/decide-absent.ts',
    'return Math.max(seen, record?.epoch ?? 0) + 1;',
    'return Math.max(1, seen, record?.epoch ?? 0);',
  ],
  'the state in the guard of a step is not looked at': [
    'src/fleet/container-guard.ts',
    'if (!guard.states.includes(state)) {',
    'if (guard.states.length === 0) {',
  ],
  'a slot leaves a host that cannot be seen': [
    'src/placement/place.ts',
    'if (host === undefined) {\n      this.#assign(slot, current);\n      return true;\n    }',
    'if (host === undefined) return false;',
  ],
  'old pictures are acted upon after a standstill': [
    'src/reconcile/operator.ts',
    'if (desired !== null) this.#noticeBreak();',
    'if (desired === null) this.#noticeBreak();',
  ],
  'a singleton is started beside itself': [
    'src/rollout/order.ts',
    'if (service.singleton) {',
    'if (service.singleton && slots > 1) {',
  ],
  'a singleton is started on its new host before it is stopped on the old one': [
    'src/rollout/decide-absent.ts',
    'serving.container.host !== host && !service.singleton;',
    'serving.container.host !== host;',
  ],
  'a second writer is started beside the first': [
    'src/rollout/order.ts',
    "if (volume?.type === 'volume' && !explicit) {",
    "if (volume?.type === 'volume' && explicit) {",
  ],
  'a job runs twice': [
    'src/rollout/jobs.ts',
    "return isThere || !isServiceProven(context, service) ? ['1'] : [];",
    "return isThere || service.job !== null ? ['1'] : [];",
  ],
  'the exit of what was stopped is held against its revision': [
    'src/rollout/slot-view.ts',
    'return isRetired !== false || (container.startedAt ?? 0) < watchedSince;',
    'return isRetired === undefined && (container.startedAt ?? 0) < watchedSince;',
  ],
  'the exit in a power cut is held against the revision': [
    'src/rollout/fail-slot.ts',
    "if (endedUnseen(context, view)) return 'unseen';",
    "if (failing.isCertain && endedUnseen(context, view)) return 'unseen';",
  ],
  'a proven hash is quarantined': [
    'src/rollout/fail-slot.ts',
    "if (isServiceProven(context, service) || host === null) return 'repair';",
    "if (host === null) return 'repair';",
  ],
  'a canary more than its step says': [
    'src/rollout/kept-version.ts',
    'return index < stage.canaries ? null : good;',
    'return index <= stage.canaries ? null : good;',
  ],
  'a job is not waited for': [
    'src/rollout/jobs.ts',
    'if (first !== undefined) return `job "${first.service.name}" runs first`;',
    'if (first?.stage) return `job "${first.service.name}" runs first`;',
  ],
} satisfies Readonly<Record<string, readonly [file: string, text: string, becomes: string]>>;

/** Each must be caught by some seed: what is not, the invariants do not see. */
export const mutationList: readonly Mutation[] = Object.entries(mutations).map(
  ([name, [file, text, becomes]]) => ({ name, file, text, becomes }),
);
