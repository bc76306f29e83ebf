import type { HealedDrift } from './healed-drift.ts';
import { healedDriftInWords } from './healed-drift.ts';
import type { HistoryEntry } from './history.ts';
import { historyEntry, ourselves } from './history.ts';
import type { JournalEntry, JournalState, Quarantine, SlotFailure } from './journal-state.ts';
import { emptyApplicationRecord } from './journal-state.ts';
import type { CommitSha, HostName } from './names.ts';
import { sumProofs } from './proof.ts';
import type { OperatorRequest } from './request.ts';
import type { Revision } from './revision.ts';
import { versionsOf } from './variants.ts';

/** What stands around an entry when it is written. */
export interface TellContext {
  readonly at: number;
  /** The journal before the entry. */
  readonly before: JournalState;
  readonly inForce: Revision | null;
  /** Null: the commit is not known any more. */
  readonly revisionOf: (commit: CommitSha) => Pick<Revision, 'author' | 'subject'> | null;
  /** Null: it has been answered. */
  readonly requestOf: (id: number) => OperatorRequest | null;
  /** Who asked for what is written now about an application; null: nobody. */
  readonly askedBy: (application: string) => string | null;
  /** Whether a repair of a slot is written now. */
  readonly isRepaired: (slot: string) => boolean;
  readonly stepsSince: (application: string, since: number) => number;
  /** When a commit last took an application out; null: nobody knows. */
  readonly removedAt: (application: string) => number | null;
}

/** What the history says of an entry of the journal; null: it is not worth a word to people. */
export function tellEntry(entry: JournalEntry, context: TellContext): HistoryEntry | null {
  const { at, before } = context;
  switch (entry.kind) {
    case 'rollout-started':
    case 'stage-passed':
    case 'succeeded':
    case 'quarantined':
    case 'attempt-failed':
    case 'rolled-back':
      return tellRollout(entry, context);
    case 'host-away':
    case 'host-back':
    case 'host-lost':
    case 'host-use':
    case 'host-fenced':
    case 'host-unfenced':
      return tellHost(entry, context);
    case 'request-answered':
      return tellRequest(entry, context);
    case 'suspended':
    case 'resumed': {
      // Whoever asked for it is told of by the answer.
      if (context.askedBy(entry.application) !== null) return null;
      const { application, kind } = entry;
      const cause = 'the manifest says so';
      return historyEntry({ at, kind, application, ...byCommit(context, null), cause });
    }
    case 'scaled': {
      const { application, service, from, replicas } = entry;
      if (from === null) return null;
      const message = `${from} → ${replicas}`;
      const { cause } = entry;
      return historyEntry({ at, kind: 'scaled', application, service, cause, message });
    }
    case 'repaired': {
      const { host = null } = before.slots.get(entry.slot) ?? {};
      const message = entry.repairs === 1 ? '' : `${entry.repairs} times in a row`;
      const { drift } = entry;
      return tellHeal(at, entry.slot, host, message, drift);
    }
    case 'slot-reserved':
      return isMadeAgain(entry, context) ? tellHeal(at, entry.slot, entry.host, '') : null;
    case 'instance-seen': {
      // What we made was announced before.
      if (before.slots.has(entry.slot)) return null;
      const cause = 'it was there before anything was remembered';
      const facts = { ...slotOf(entry.slot), host: entry.host, cause };
      return historyEntry({ at, kind: 'instance-found', ...facts });
    }
    case 'instance-adopted': {
      const { slot, host, name: container } = entry;
      const place = slotOf(slot);
      const facts = { ...place, host, container, ...byCommit(context, null) };
      const actor = context.askedBy(place.application) ?? facts.actor;
      return historyEntry({ at, kind: 'adopted', ...facts, actor });
    }
    case 'application-removed': {
      const { application, commit } = entry;
      const kind = 'application-removed';
      return historyEntry({ at, kind, application, ...byCommit(context, commit) });
    }
    case 'pruned': {
      const { application } = entry;
      const { removedBy } = before.applications.get(application) ?? emptyApplicationRecord;
      const startedAt = context.removedAt(application);
      const steps = startedAt === null ? null : context.stepsSince(application, startedAt);
      const facts = { application, ...byCommit(context, removedBy), startedAt, steps };
      return historyEntry({ at, kind: 'pruned', ...facts });
    }
    case 'rollout-settled':
    case 'promoted':
    case 'stage-settled':
    case 'deadline-put-off':
    case 'proof-noted':
    case 'promotion-granted':
    case 'retried':
    case 'instance-retired':
    case 'instance-gone':
    case 'hooks-due':
    case 'hooks-ended':
    case 'hash-renewed':
    case 'changed-in-place':
    case 'networks-off':
    case 'image-pinned':
    case 'tag-seen':
    case 'application-seen':
    case 'image-unused':
    case 'image-removal':
    case 'image-gone':
    case 'image-pulled':
    case 'move-asked':
    case 'move-ended':
    case 'slot-evicted':
    case 'eviction-ended':
    case 'scale-reached':
      return null;
  }
}

function tellHeal(
  at: number,
  slot: string,
  host: HostName | null,
  message: string,
  drift?: HealedDrift,
): HistoryEntry {
  const facts = { host, message, startedAt: at, steps: 0, result: 'begun' } as const;
  const heal = historyEntry({ at, kind: 'healed', ...slotOf(slot), ...facts });
  if (drift === undefined) return heal;
  const fields = drift.path === '' ? [] : [drift.path];
  return { ...heal, fields, cause: healedDriftInWords(drift) };
}

/**
 * A slot gets an instance of its proven version again where it had one, and nothing is rolled out. The journal counts no
 * repair when what was in the slot last was the failed version of a rollback.
 */
function isMadeAgain(
  entry: Extract<JournalEntry, { readonly kind: 'slot-reserved' }>,
  { before, isRepaired }: TellContext,
): boolean {
  const { application, service } = slotOf(entry.slot);
  const record = before.applications.get(application) ?? emptyApplicationRecord;
  const { rollout, lastKnownGood } = record;
  if (before.slots.get(entry.slot)?.unasked === true) return false;
  const services = lastKnownGood?.spec.services ?? [];
  const isProven = services
    .flatMap(versionsOf)
    .some(({ name, hash }) => name === service && hash === entry.hash);
  const { host, evicted } = before.slots.get(entry.slot) ?? {};
  const isThere = host === entry.host && evicted === undefined;
  return rollout === null && isProven && isThere && !entry.vacating && !isRepaired(entry.slot);
}

type RolloutEntry = Extract<
  JournalEntry,
  {
    readonly kind:
      | 'rollout-started'
      | 'stage-passed'
      | 'succeeded'
      | 'quarantined'
      | 'attempt-failed'
      | 'rolled-back';
  }
>;

function tellRollout(entry: RolloutEntry, context: TellContext): HistoryEntry {
  const { at, before } = context;
  const { application } = entry;
  const record = before.applications.get(application) ?? emptyApplicationRecord;
  const { rollout, lastKnownGood } = record;
  const startedAt = rollout?.startedAt ?? null;
  const steps = startedAt === null ? null : context.stepsSince(application, startedAt);
  const base = { at, application };
  const proof = sumProofs(Object.values(rollout?.proofs ?? {}));
  const under = byCommit(context, rollout?.commit ?? null);
  const asked = context.askedBy(application);
  switch (entry.kind) {
    case 'rollout-started': {
      const begun = { ...base, steps: 0, result: 'begun' } as const;
      if (!entry.isRollback) {
        const facts = { ...begun, ...byCommit(context, entry.commit) };
        return historyEntry({ ...facts, kind: 'rollout-started' });
      }
      const cause = record.quarantined.at(-1)?.message ?? '';
      const { commit } = entry;
      return historyEntry({ ...begun, kind: 'rollback-started', commit, cause });
    }
    case 'stage-passed': {
      const { service, next } = entry;
      const facts = { ...base, ...under, service, startedAt, steps };
      return historyEntry({ ...facts, kind: 'canary-step-passed', message: `step ${next}` });
    }
    case 'succeeded': {
      const facts = { ...base, ...byCommit(context, entry.commit), startedAt, steps, proof };
      return historyEntry({ ...facts, kind: 'rollout-succeeded' });
    }
    case 'quarantined': {
      const { quarantine } = entry;
      const facts = { ...base, ...byCommit(context, quarantine.commit), startedAt, steps };
      const actor = asked ?? facts.actor;
      return historyEntry({
        ...facts,
        ...failureOf(quarantine),
        kind: 'rollout-failed',
        actor,
        proof,
      });
    }
    case 'attempt-failed': {
      const { failure } = entry;
      const { message, ...where } = failureOf(failure);
      const facts = { ...base, ...under, ...where, message: `${message} (${failure.verdict})` };
      return historyEntry({ ...facts, kind: 'attempt-failed' });
    }
    case 'rolled-back': {
      const commit = lastKnownGood?.commit ?? rollout?.commit ?? null;
      const cause = record.quarantined.at(-1)?.message ?? '';
      return historyEntry({ ...base, kind: 'rolled-back', commit, cause, startedAt, steps, proof });
    }
  }
}

function failureOf({
  service,
  slot,
  host,
  reason,
  message,
}: Quarantine | SlotFailure): Pick<
  HistoryEntry,
  'service' | 'slot' | 'host' | 'result' | 'message'
> {
  return { service, slot, host, result: 'failed', message: `${reason}: ${message}` };
}

type HostEntry = Extract<
  JournalEntry,
  {
    readonly kind:
      | 'host-away'
      | 'host-back'
      | 'host-lost'
      | 'host-use'
      | 'host-fenced'
      | 'host-unfenced';
  }
>;

function tellHost(entry: HostEntry, context: TellContext): HistoryEntry {
  const { at, before } = context;
  const { host } = entry;
  const base = { at, host };
  const { awaySince: startedAt = null, fenced = null } = before.hosts.get(host) ?? {};
  switch (entry.kind) {
    case 'host-away':
      return historyEntry({ ...base, kind: 'host-away', startedAt: entry.since });
    case 'host-back':
      return historyEntry({ ...base, kind: 'host-back', startedAt });
    case 'host-lost':
      return historyEntry({ ...base, kind: 'host-lost', startedAt });
    case 'host-use': {
      const kind = `host-${entry.use}` as const;
      return historyEntry({ ...base, kind, ...byCommit(context, null) });
    }
    case 'host-fenced':
      return historyEntry({ ...base, kind: 'host-fenced', actor: entry.by });
    case 'host-unfenced': {
      const actor = context.askedBy('') ?? ourselves;
      const facts = { ...base, startedAt: fenced?.at ?? null, actor };
      return historyEntry({ ...facts, kind: 'host-unfenced' });
    }
  }
}

function tellRequest(
  entry: Extract<JournalEntry, { readonly kind: 'request-answered' }>,
  { at, requestOf }: TellContext,
): HistoryEntry {
  const { application, accepted, message } = entry;
  const asked = requestOf(entry.request);
  return historyEntry({
    at,
    kind: 'request',
    action: asked?.kind ?? '',
    application,
    host: asked?.host ?? null,
    actor: asked?.by ?? '',
    result: accepted ? 'done' : 'refused',
    message,
    startedAt: asked?.at ?? null,
  });
}

/** The commit that is behind something, its author, and what it says of itself; null: the one in force. */
function byCommit(
  { inForce, revisionOf }: TellContext,
  named: CommitSha | null,
): Pick<HistoryEntry, 'commit' | 'actor' | 'cause'> {
  const commit = named ?? inForce?.commit ?? null;
  if (commit === null) return { commit, actor: '', cause: '' };
  const { author = '', subject = '' } = revisionOf(commit) ?? {};
  return { commit, actor: author, cause: subject };
}

function slotOf(key: string): Pick<HistoryEntry, 'application' | 'service' | 'slot'> {
  const [application = '', service = '', slot = ''] = key.split('/');
  return { application, service, slot };
}
