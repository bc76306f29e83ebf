import type { ServiceSpec } from '../model/application.ts';
import type {
  AutoscaleSpec,
  MetricStanding,
  Recommendation,
  ServiceLoad,
} from '../model/autoscale.ts';
import { cpuShareOf, loadKey, rounded } from '../model/autoscale.ts';
import type { JournalEntry, JournalState } from '../model/journal-state.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import type { ContainerId } from '../model/names.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationDecision } from './decide-application.ts';
import { useOf } from './host-standing.ts';
import { isChanging } from './is-changing.ts';
import type { Metric, Reading, ScaleVerdict } from './scale-formula.ts';
import { judgeScale } from './scale-formula.ts';
import type { World } from './world.ts';

/** What is decided about numbers of instances. */
export interface ScaleDecision {
  readonly entries: readonly JournalEntry[];
  /** Of each service whose load is known. */
  readonly judged: readonly JudgedLoad[];
  /** What services that go by their load were under last, by `application/service`. */
  readonly standings: JournalState['loads'];
}

/** What a load has come to. */
export interface JudgedLoad {
  /** `application/service`. */
  readonly key: string;
  /** To be remembered with the load. */
  readonly recommendations: readonly Recommendation[];
}

/**
 * The numbers that load asks for. A number that changes is written, and the next decision goes by it.
 *
 * @param world with the numbers of now: see withScale()
 * @param instances by application
 */
export function decideScale(
  world: World,
  applications: readonly ApplicationDecision[],
  instances: ReadonlyMap<string, readonly Instance[]>,
): ScaleDecision {
  const decisions = new Map(applications.map((decision) => [decision.application, decision]));
  const entries: JournalEntry[] = [];
  const judged: JudgedLoad[] = [];
  const standings = new Map<string, readonly MetricStanding[]>();
  for (const { name: application, services } of world.desired.applications) {
    const decision = decisions.get(application);
    if (decision === undefined) continue;
    for (const service of services) {
      const { autoscale } = service;
      if (autoscale === undefined) continue;
      const own = (instances.get(application) ?? []).filter(
        ({ identity }) => identity.service === service.name,
      );
      const asking = { world, decision, service, autoscale, instances: own };
      const noted = noteNumber(asking) ?? fitNumber(asking);
      if (noted !== null) entries.push(noted);
      if (isReached(asking)) {
        entries.push({ kind: 'scale-reached', application, service: service.name });
      }
      const key = loadKey(application, service.name);
      const load = world.load.get(key);
      const metrics = load === undefined ? null : metricsOf(asking, load);
      const standing =
        metrics?.map((metric) => standingOf(metric, service.replicas)) ??
        world.journal.loads.get(key);
      if (standing !== undefined) standings.set(key, standing);
      if (load === undefined || metrics === null || noted !== null) continue;
      const verdict = judge(asking, load, metrics);
      if (verdict === null) continue;
      judged.push({ key, recommendations: verdict.recommendations });
      const scaled = entryOf(asking, verdict);
      if (scaled !== null) entries.push(scaled);
    }
  }
  return { entries, judged, standings };
}

interface Asking {
  readonly world: World;
  readonly decision: ApplicationDecision;
  readonly service: ServiceSpec;
  readonly autoscale: AutoscaleSpec;
  /** Of the service. */
  readonly instances: readonly Instance[];
}

/** The number is written down where it is not, or where the commit does not allow what is written any more. */
function noteNumber({ world, decision, service, autoscale }: Asking): JournalEntry | null {
  const { application, target, suspended } = decision;
  const { name, replicas } = service;
  const record = world.journal.applications.get(application)?.scales?.[name];
  const base = { kind: 'scaled', application, service: name, replicas, at: world.now } as const;
  if (record === undefined) {
    // What a host that cannot be seen has may be more.
    return isSeen(world) ? { ...base, from: null, cause: '' } : null;
  }
  if (record.replicas === replicas || target.mode !== 'desired' || suspended) return null;
  const { min, max } = autoscale;
  const bound = record.replicas > max ? `at most ${max}` : `at least ${min}`;
  return { ...base, from: record.replicas, cause: `${bound}, by the manifest` };
}

/**
 * What no host has room for holds up no commit: before that begins, the number is brought to what has a host. It changes no
 * more until the commit is through.
 */
function fitNumber({ world, decision, service, autoscale }: Asking): JournalEntry | null {
  const { application, target, suspended } = decision;
  const { name, replicas: from } = service;
  const record = world.journal.applications.get(application) ?? emptyApplicationRecord;
  // A host that cannot be seen may have room.
  const isHere = target.mode === 'desired' && !suspended && isSeen(world);
  const isLoads = record.scales?.[name] !== undefined;
  const isBefore = record.rollout === null && isChanging(target.spec, record);
  if (!isHere || !isLoads || !isBefore) return null;
  const placed = decision.slots.filter((slot) => slot.service === name && slot.host !== null);
  const replicas = Math.max(autoscale.min, placed.length);
  if (replicas >= from) return null;
  const cause = 'no host has room for more';
  return { kind: 'scaled', application, service: name, from, replicas, cause, at: world.now };
}

/** All slots that were added last are there, for the first time. */
function isReached({ world, decision, service }: Asking): boolean {
  const record = world.journal.applications.get(decision.application)?.scales?.[service.name];
  if (record === undefined || record.reached >= record.replicas) return false;
  return decision.slots.every(
    (slot) =>
      slot.service !== service.name ||
      Number(slot.slot) <= record.reached ||
      (slot.phase === 'promoted' && slot.available),
  );
}

function isSeen({ desired, observations }: World): boolean {
  return desired.fleet.hosts.every(({ name }) => observations.get(name)?.kind === 'reachable');
}

/** Null: of what was measured before the last change nothing is known under the number of now. */
function judge(
  { world, decision, service, autoscale }: Asking,
  { at, recommendations }: ServiceLoad,
  metrics: readonly Metric[],
): ScaleVerdict | null {
  const record = world.journal.applications.get(decision.application)?.scales?.[service.name];
  if (record === undefined || at <= record.at) return null;
  const { replicas: current } = service;
  const { changes } = record;
  return judgeScale({ spec: autoscale, current, metrics, at, recommendations, changes });
}

function entryOf(asking: Asking, { replicas, why: cause }: ScaleVerdict): JournalEntry | null {
  const { world, decision, service } = asking;
  const { name, replicas: from } = service;
  if (replicas === from || isHeld(asking)) return null;
  const { application } = decision;
  return { kind: 'scaled', application, service: name, from, replicas, cause, at: world.now };
}

/** A number never changes under what is rolled out or moved, or is left alone. */
function isHeld({ world, decision, instances }: Asking): boolean {
  const { application, target, suspended, hold } = decision;
  if (suspended || hold !== null || target.mode !== 'desired') return true;
  const record = world.journal.applications.get(application) ?? emptyApplicationRecord;
  const spec = world.desired.applications.find(({ name }) => name === application);
  if (record.rollout !== null || spec === undefined || isChanging(spec, record)) return true;
  const leaving = world.desired.fleet.hosts.filter((host) => useOf(world, host) === 'draining');
  const names = new Set(leaving.map(({ name }) => name));
  return instances.some(({ container }) => names.has(container.host));
}

function metricsOf(asking: Asking, load: ServiceLoad): readonly Metric[] {
  const { service, autoscale } = asking;
  const { cpu, requestsPerSecond, prometheus } = autoscale;
  const metrics: Metric[] = [];
  if (cpu !== undefined) {
    const share = cpuShareOf(service);
    const readings = readingsOf(asking, load.cpu, (used) => (used / share) * 100);
    metrics.push({ name: 'cpu', target: cpu, readings });
  }
  if (requestsPerSecond !== undefined) {
    const { requests } = load;
    const readings = requests === null ? null : readingsOf(asking, requests, (rate) => rate);
    metrics.push({ name: 'requests', target: requestsPerSecond, readings });
  }
  if (prometheus !== undefined) {
    const result = load.prometheus ?? { kind: 'unread', reason: 'it was not asked yet' };
    metrics.push({ name: 'prometheus', target: prometheus.target, result });
  }
  return metrics;
}

function readingsOf(
  { decision, service, instances }: Asking,
  values: ReadonlyMap<ContainerId, number>,
  inUnit: (value: number) => number,
): readonly Reading[] {
  const slots = decision.slots.filter((slot) => slot.service === service.name);
  return slots.map(({ host, container, phase, available }): Reading => {
    const own = instances.find((one) => {
      return one.container.host === host && one.container.name === container;
    });
    if (own === undefined || phase !== 'promoted' || !available) return { kind: 'unready' };
    const value = values.get(own.container.id);
    return value === undefined ? { kind: 'missing' } : { kind: 'read', value: inUnit(value) };
  });
}

function standingOf(one: Metric, replicas: number): MetricStanding {
  const { name: metric, target } = one;
  if (one.name === 'prometheus') {
    const { result } = one;
    return result.kind === 'read'
      ? { metric, value: rounded(result.value / replicas), target }
      : { metric, value: null, target, reason: result.reason };
  }
  const { readings } = one;
  const values = (readings ?? []).flatMap((one) => (one.kind === 'read' ? [one.value] : []));
  const sum = values.reduce((total, value) => total + value, 0);
  return { metric, value: values.length === 0 ? null : rounded(sum / values.length), target };
}
