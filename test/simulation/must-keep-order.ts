import type { JournalState } from '../../src/model/journal-state.ts';
import { instanceName, parseIdentity, slotKey } from '../../src/model/labels.ts';
import type { TrueContainer } from './census.ts';
import type { Ledger } from './ledger.ts';
import { Violation } from './violation.ts';

/**
 * What must have happened before something else is done to a container of ours.
 *
 * @param journal what the operator has written down
 * @param verb the last part of the call's path, such as `start`; `remove` where there is none
 * @throws Violation
 */
export function mustKeepOrder(
  ledger: Ledger,
  journal: JournalState,
  container: TrueContainer,
  verb: string,
): void {
  mayPrune(ledger, journal, container, verb);
  if (verb === 'start' && !container.isLive) mayRun(ledger, journal, container);
  if (verb === 'stop') mustBeFenced(ledger, container);
}

/**
 * Of two instances of a slot it must be clear which is the newer one.
 *
 * @param seen the containers of the hosts that the operator sees
 * @param body of the call that makes another one
 * @throws Violation
 */
export function mustRaiseEpoch(seen: readonly TrueContainer[], body: unknown): void {
  const { Labels: labels } = body as { readonly Labels?: Readonly<Record<string, string>> };
  const made = parseIdentity(labels ?? {});
  if (made === null) return;
  const slot = slotKey(made);
  const other = seen.find(
    ({ identity, name, ...one }) =>
      one.slot === slot &&
      name !== instanceName(made) &&
      identity !== null &&
      identity.epoch >= made.epoch,
  );
  if (other === undefined) return;
  const what = `${made.epoch} of ${slot} beside "${other.name}" on ${other.host.name}`;
  throw new Violation('each instance of a slot has a higher epoch', what);
}

/** What the repository does not have is touched only when it is known to have had it, and all else is done. */
function mayPrune(
  ledger: Ledger,
  { applications }: JournalState,
  { identity, raw, name, host }: TrueContainer,
  verb: string,
): void {
  // The calls of a process that is gone may still arrive, and nobody remembers why it made them.
  if (identity === null || ledger.isMourning) return;
  const what = `${verb} "${name}" on ${host.name}`;
  if (!applications.has(identity.application)) {
    throw new Violation('nothing is pruned that no accepted commit had', what);
  }
  // What holds a port that is wanted may go first.
  if (ledger.isAsked(identity.application) || raw.open.length > 0) return;
  const rolling = ledger.rolling();
  if (rolling === null) return;
  throw new Violation('nothing is pruned before all rollouts are through', `${what}: ${rolling}`);
}

/** What runs once does so, and what is to be tried first is. */
function mayRun(
  ledger: Ledger,
  { applications }: JournalState,
  { identity, id, name, host }: TrueContainer,
): void {
  if (identity === null) return;
  const { application, service, slot, hash } = identity;
  const { lastKnownGood, rollout } = applications.get(application) ?? {};
  const isTried = lastKnownGood?.untried.includes(service) === false;
  const good = lastKnownGood?.spec.services.find((one) => isTried && one.name === service);
  if (good?.hash === hash && good.job !== null) {
    throw new Violation('a job runs once', `"${name}" on ${host.name} has run before`);
  }
  const step = ledger
    .stepsOn(host)
    .find(({ action }) => action.kind === 'start-container' && action.guard.id === id);
  // What was decided for another commit is none of this rollout.
  const isOfRollout = rollout?.isRollback === false && rollout.commit === step?.cause.commit;
  if (!isOfRollout || rollout.isPromotionGranted) return;
  if (good === undefined || good.hash === hash) return;
  const index = rollout.stages[service]?.index ?? 0;
  const canaries = ledger.canariesOf(application, service, hash, index);
  if (canaries === null || Number(slot) <= canaries) return;
  const what = `"${name}" on ${host.name}: ${canaries} may be`;
  throw new Violation('only canaries run before their step is passed', what);
}

/** Neither a crash nor a reboot may start again what was stopped for good. */
function mustBeFenced(ledger: Ledger, { raw, slot, name, host }: TrueContainer): void {
  if (raw.restart === 'no' || ledger.isHit(slot)) return;
  const what = `"${name}" on ${host.name} has policy "${raw.restart}"`;
  throw new Violation('what is stopped does not come back by itself', what);
}
