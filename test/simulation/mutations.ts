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
  'what is leaving counts as available': [
    'src/rollout/budget.ts',
    'slots.filter((view) => view.available && !isLeaving(view)).length',
    'slots.filter((view) => view.available || isLeaving(view)).length',
  ],
  'a number that goes by load outlives its bounds': [
    'src/rollout/with-scale.ts',
    'return Math.min(max, Math.max(min, number === 0 ? replicas : number));',
    'return Math.max(min, number === 0 ? replicas : max < 0 ? max : number);',
  ],
  'load changes a number under a rollout': [
    'src/rollout/decide-scale.ts',
    'if (record.rollout !== null || spec === undefined || isChanging(spec, record)) return true;',
    'if (spec === undefined) return true;',
  ],
  'last-known-good moves without the bake': [
    'src/rollout/decide-completion.ts',
    'const until = from + monitorMs(context);',
    'const until = monitorMs(context) < 0 ? now : from;',
  ],
  'last-known-good moves when some slots are not settled': [
    'src/rollout/decide-application.ts',
    'slots.every(isSettled);',
    '(slots.length === 0 || slots.some(isSettled));',
  ],
  'hosts with different images for a tag use what they have': [
    'src/rollout/choose-image.ts',
    'const digest = common ?? answerOf(context, service, hosts);',
    "const digest = common ?? 'unknown';",
  ],
  'an image that only last-known-good needs is removed': [
    'src/rollout/needed-images.ts',
    'if (record.lastKnownGood !== null) {',
    'if (record.lastKnownGood !== null && keep < 0) {',
  ],
  'no fence before a stop': [
    'src/rollout/retire.ts',
    "if (container.restart.name !== 'no') {",
    "if (container.restart.name !== 'no' && container.state === 'restarting') {",
  ],
  'promoted before the gate has passed': [
    'src/rollout/decide-slot.ts',
    "if (verdict.kind === 'waiting') {\n    return draft.wait(",
    "if (verdict.kind === 'waiting' && current.container.state !== 'running') {\n    return draft.wait(",
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
  'the epoch is not raised': [
    'src/rollout/decide-absent.ts',
    'return Math.max(seen, record?.epoch ?? 0) + 1;',
    'return Math.max(1, seen, record?.epoch ?? 0);',
  ],
  'a second writer is started beside the first': [
    'src/rollout/order.ts',
    "if (volume?.type === 'volume' && !explicit) {",
    "if (volume?.type === 'volume' && explicit) {",
  ],
  'files are written, and nobody is told': [
    'src/fleet/deliver-files.ts',
    'await tell(run, container, action);',
    "if (volume === '') await tell(run, container, action);",
  ],
  'a host that was cut off together with others is replaced': [
    'src/rollout/host-standing.ts',
    'if (together >= 2 && together * 2 >= hosts) {',
    'if (together >= 2 && together * 2 >= hosts * 3) {',
  ],
  'a draining host keeps what may leave it': [
    'src/placement/keep.ts',
    'return input.abandoned.has(key) || candidates.get(current)?.spec.drain === true;',
    'return input.abandoned.has(key) || candidates.get(current) === null;',
  ],
  'a lost host gives up its singletons': [
    'src/rollout/departures.ts',
    'if (service.singleton && service.replaceAfterMs === undefined) {\n    return { host, at: null, why: `it is a singleton and',
    'if (service.singleton && service.replaceAfterMs === null) {\n    return { host, at: null, why: `it is a singleton and',
  ],
  'a duplicate of a host that is back stays': [
    'src/rollout/decide-slot.ts',
    'const other = view.others.find((one) => one !== held);',
    'const other = view.others.find((one) => one !== held && one.container.host === view.host);',
  ],
  'stopped while a proxy sends it requests': [
    'src/rollout/await-traffic.ts',
    '  if (server.isReady) {',
    '  if (server.isReady && server.port === 0) {',
  ],
  'the last requests are not waited for': [
    'src/rollout/await-traffic.ts',
    'if (server.sessions === 0) return null;',
    'if (server.sessions >= 0) return null;',
  ],
  'requests before the promotion': [
    'src/rollout/endpoints.ts',
    "return state === 'running' && isWell && restart.name !== 'no';",
    "return state === 'running' && isWell && restart.name !== 'on-failure';",
  ],
  'a canary more than its step says': [
    'src/rollout/kept-version.ts',
    'return index < stage.canaries ? null : good;',
    'return index <= stage.canaries ? null : good;',
  ],
} satisfies Readonly<Record<string, readonly [file: string, text: string, becomes: string]>>;

/** Each must be caught by some seed: what is not, the invariants do not see. */
export const mutationList: readonly Mutation[] = Object.entries(mutations).map(
  ([name, [file, text, becomes]]) => ({ name, file, text, becomes }),
);
