import type { ApplicationSpec, ServiceSpec } from './application.ts';
import { hasInstances } from './application.ts';
import { scalePeriodMs } from './autoscale.ts';
import { liveDigest } from './hash.ts';
import type {
  ApplicationRecord,
  ImagePin,
  JournalEntry,
  LastKnownGood,
  Quarantine,
  RolloutRecord,
  ScaleRecord,
  StageRecord,
} from './journal-state.ts';
import { present } from './present.ts';
import { versionsOf } from './variants.ts';

/** Entries that change the record of one application. */
export type ApplicationEntry = Exclude<
  JournalEntry,
  {
    readonly kind:
      | 'slot-reserved'
      | 'hooks-due'
      | 'hooks-ended'
      | 'instance-seen'
      | 'instance-adopted'
      | 'instance-retired'
      | 'instance-gone'
      | 'repaired'
      | 'changed-in-place'
      | 'networks-off'
      | 'hash-renewed'
      | 'move-asked'
      | 'move-ended'
      | 'slot-evicted'
      | 'eviction-ended'
      | 'pruned'
      | 'host-away'
      | 'host-back'
      | 'host-lost'
      | 'host-use'
      | 'host-fenced'
      | 'host-unfenced'
      | 'image-pulled'
      | 'image-unused'
      | 'image-removal'
      | 'image-gone'
      | 'request-answered';
  }
>;

const keptQuarantines = 20;
/** Of each service: a revert to one of its last versions finds the image that it had. */
const keptPins = 10;
const keptTags = 200;
const keptFailures = 100;

const firstStage: StageRecord = { index: 0, settledAt: null };

/** The record of an application after an entry. */
export function reduceApplication(
  record: ApplicationRecord,
  entry: ApplicationEntry,
): ApplicationRecord {
  switch (entry.kind) {
    case 'rollout-started':
      return { ...record, rollout: newRollout(entry) };
    case 'rollout-settled':
      return withRollout(record, () => ({ settledAt: entry.at }));
    case 'promoted':
      return withRollout(record, () => ({ lastPromotedAt: entry.at }));
    case 'attempt-failed':
      return withRollout(record, ({ failures }) => ({
        failures: [...failures, entry.failure].slice(-keptFailures),
      }));
    case 'stage-settled':
      return withStage(record, entry.service, (stage) => ({ ...stage, settledAt: entry.at }));
    case 'stage-passed': {
      const passed = withStage(record, entry.service, () => ({
        index: entry.next,
        settledAt: null,
      }));
      return withRollout(passed, () => ({ lastStagePassedAt: entry.at }));
    }
    case 'deadline-put-off':
      return withRollout(record, () => ({ deadlinePutOffAt: entry.at }));
    case 'proof-noted':
      return withRollout(record, ({ proofs }) => ({
        proofs: { ...proofs, [entry.service]: entry.proof },
      }));
    case 'promotion-granted':
      return withRollout(record, () => ({ isPromotionGranted: true, lastStagePassedAt: entry.at }));
    case 'succeeded': {
      const { spec, commit } = entry;
      const untried = untriedServices(spec, record.lastKnownGood);
      const proven = spec.services
        .filter(({ name }) => !untried.includes(name))
        .flatMap(versionsOf);
      // What has proved itself has not failed, whatever it did in an earlier try.
      const quarantined = record.quarantined.filter(
        (failed) => !proven.some((good) => isVersion(failed, good)),
      );
      const lastKnownGood = { spec, commit, untried };
      return { ...withoutScales(record, spec), rollout: null, lastKnownGood, quarantined };
    }
    case 'quarantined':
      return { ...record, quarantined: quarantine(record.quarantined, entry.quarantine) };
    case 'rolled-back':
      return { ...record, rollout: null };
    case 'scaled':
      return { ...record, scales: scale(record.scales ?? {}, entry) };
    case 'scale-reached': {
      const { [entry.service]: before, ...others } = record.scales ?? {};
      if (before === undefined) return record;
      const after = { ...before, reached: before.replicas };
      return { ...record, scales: { ...others, [entry.service]: after } };
    }
    case 'suspended': {
      const since = record.suspension?.since ?? entry.at;
      const requested = entry.requested || record.suspension?.requested === true;
      return { ...record, suspension: { since, requested } };
    }
    case 'resumed':
      return resume(record, entry.at);
    case 'retried':
      return retry(record);
    case 'image-pinned':
      return { ...record, pins: pin(record.pins ?? [], entry.pin) };
    case 'tag-seen':
      return { ...record, tags: seeTag(record.tags ?? {}, entry.image, entry.digest) };
    case 'application-seen':
      return { ...record, removedBy: null };
    case 'application-removed':
      return { ...record, removedBy: entry.commit };
  }
}

function scale(
  before: Readonly<Record<string, ScaleRecord>>,
  { service, replicas, from, at }: Extract<JournalEntry, { readonly kind: 'scaled' }>,
): Readonly<Record<string, ScaleRecord>> {
  const { changes: former = [], reached = replicas } = before[service] ?? {};
  const lately = former.filter((change) => change.at > at - scalePeriodMs);
  const changes = from === null ? lately : [...lately, { at, by: replicas - from }];
  const after = { replicas, at, reached: Math.min(reached, replicas), changes };
  return { ...before, [service]: after };
}

/** Who asks for the load to decide again some day begins anew. */
function withoutScales(record: ApplicationRecord, spec: ApplicationSpec): ApplicationRecord {
  const { scales, ...rest } = record;
  if (scales === undefined) return record;
  const asking = spec.services.filter(({ autoscale }) => autoscale !== undefined);
  const kept = asking.flatMap(({ name }) => {
    const known = scales[name];
    return known === undefined ? [] : [[name, known] as const];
  });
  return kept.length === 0 ? rest : { ...rest, scales: Object.fromEntries(kept) };
}

function pin(before: readonly ImagePin[], added: ImagePin): readonly ImagePin[] {
  const ofOthers = before.filter(({ service }) => service !== added.service);
  const own = before.filter(
    ({ service, hash }) => service === added.service && hash !== added.hash,
  );
  return [...ofOthers, ...own.slice(1 - keptPins), added];
}

function seeTag(
  before: Readonly<Record<string, string>>,
  image: string,
  digest: string,
): Readonly<Record<string, string>> {
  const { [image]: _former, ...others } = before;
  return Object.fromEntries([...Object.entries(others).slice(1 - keptTags), [image, digest]]);
}

/** A rollout that has failed begins anew; one that goes on stays where it is, with all its tries before it. */
function retry(record: ApplicationRecord): ApplicationRecord {
  const { rollout, quarantined } = record;
  const since = rollout?.startedAt ?? 0;
  const hasFailed = rollout?.isRollback === true || quarantined.some(({ at }) => at >= since);
  const after = { ...record, quarantined: [] };
  return hasFailed ? { ...after, rollout: null } : withRollout(after, () => ({ failures: [] }));
}

function newRollout({
  key,
  commit,
  isRollback,
  at,
}: Extract<JournalEntry, { readonly kind: 'rollout-started' }>): RolloutRecord {
  return {
    key,
    commit,
    isRollback,
    startedAt: at,
    settledAt: null,
    lastPromotedAt: null,
    lastStagePassedAt: null,
    deadlinePutOffAt: null,
    stages: {},
    isPromotionGranted: false,
    failures: [],
  };
}

function quarantine(
  before: readonly Quarantine[],
  added: Quarantine,
): ApplicationRecord['quarantined'] {
  const others = before.filter(
    ({ service, hash, gate, live }) =>
      service !== added.service ||
      hash !== added.hash ||
      gate !== added.gate ||
      (live ?? added.live) !== added.live,
  );
  return [...others, added].slice(-keptQuarantines);
}

function isVersion({ service, hash, live }: Quarantine, { name, ...good }: ServiceSpec): boolean {
  const isSame = service === name && hash === good.hash;
  return isSame && (live === undefined || live === liveDigest(good.container));
}

/** The time of the suspension is taken out of everything that the rollout counts from. */
function resume(record: ApplicationRecord, at: number): ApplicationRecord {
  const { suspension } = record;
  if (suspension === null) return record;
  const later = (time: number): number => time + Math.max(0, at - suspension.since);
  const laterOrNull = (time: number | null): number | null => (time === null ? null : later(time));
  return withRollout({ ...record, suspension: null }, (rollout) => ({
    ...present({ proofs: laterProofs(rollout.proofs, later) }),
    startedAt: later(rollout.startedAt),
    settledAt: laterOrNull(rollout.settledAt),
    lastPromotedAt: laterOrNull(rollout.lastPromotedAt),
    lastStagePassedAt: laterOrNull(rollout.lastStagePassedAt),
    deadlinePutOffAt: laterOrNull(rollout.deadlinePutOffAt),
    stages: Object.fromEntries(
      Object.entries(rollout.stages).map(([service, stage]) => [
        service,
        { ...stage, settledAt: laterOrNull(stage.settledAt) },
      ]),
    ),
  }));
}

function laterProofs(
  proofs: RolloutRecord['proofs'],
  later: (time: number) => number,
): RolloutRecord['proofs'] {
  if (proofs === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(proofs).map(([service, one]) => [service, { ...one, until: later(one.until) }]),
  );
}

function withStage(
  record: ApplicationRecord,
  service: string,
  change: (stage: StageRecord) => StageRecord,
): ApplicationRecord {
  return withRollout(record, ({ stages }) => ({
    stages: { ...stages, [service]: change(stages[service] ?? firstStage) },
  }));
}

function withRollout(
  record: ApplicationRecord,
  change: (rollout: RolloutRecord) => Partial<RolloutRecord>,
): ApplicationRecord {
  const { rollout } = record;
  return rollout === null ? record : { ...record, rollout: { ...rollout, ...change(rollout) } };
}

/** A version that ran well before it was scaled to 0 has proved itself. */
function untriedServices(spec: ApplicationSpec, known: LastKnownGood | null): readonly string[] {
  const idle = spec.services.filter((service) => !hasInstances(service));
  const untried = idle.filter(({ name, hash }) => {
    const before = known?.spec.services.find((service) => service.name === name);
    return before?.hash !== hash || known?.untried.includes(name) === true;
  });
  return untried.map(({ name }) => name);
}
