import type { DriftItem } from '../model/drift.ts';
import { preStopOf } from '../model/hooks.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import { label } from '../model/labels.ts';
import type { CommitSha, HostName } from '../model/names.ts';
import type { Origin } from '../model/origin.ts';
import type { Cause, Step } from '../model/step.ts';
import type { Instance } from '../drift/identify.ts';
import { collides, fixedHostPorts } from '../placement/host-ports.ts';
import type { WantedPorts } from '../placement/wanted-ports.ts';
import { whyStillServing } from './await-traffic.ts';
import type { Waiting } from './draft.ts';
import type { TrafficView } from './endpoints.ts';
import { pruneWaits } from './prune-order.ts';
import { nextRetirement } from './retire.ts';
import type { World } from './world.ts';

/** What becomes of applications that the repository no longer has. */
export interface PruneDecision {
  readonly steps: readonly Step[];
  readonly entries: readonly JournalEntry[];
  readonly waiting: readonly Waiting[];
  readonly drift: readonly DriftItem[];
  /** Deletions that need approval first. */
  readonly held: HeldPrune | null;
  /** Nothing is left to prune and nothing is held. */
  readonly settled: boolean;
  readonly wakeAt: number | null;
}

export interface HeldPrune {
  readonly applications: readonly string[];
  /** How many applications there were. */
  readonly of: number;
  /** The commits that removed them: each must be approved. */
  readonly commits: readonly CommitSha[];
}

const maxShare = 0.3;
const maxApplications = 5;
/** A shorter prefix of a commit, the empty one above all, approves nothing. */
const shortestPrefix = 7;

/**
 * Prunes by the guards of semantics §10.9: only what an accepted commit once had, only after all rollouts succeeded,
 * never on a host that was not observed, never volumes, and many at once only when the commit is approved. Those that
 * depend on others, and those of higher waves, go first.
 *
 * @param isRolledOut every application that the repository has is settled
 * @param orphans instances by application, of applications that the repository does not have
 * @param traffic who may receive requests, by group of proxies
 * @param ports host ports that what the repository has is waiting for: an orphan that holds one goes first
 */
export function decidePrune(
  world: World,
  orphans: ReadonlyMap<string, readonly Instance[]>,
  isRolledOut: boolean,
  ports: WantedPorts,
  traffic: readonly TrafficView[],
): PruneDecision {
  const removed = [...world.journal.applications]
    .filter(([, { removedBy }]) => removedBy !== null)
    .map(([name]) => name)
    .toSorted();
  const held = holdBack(world, removed);
  const drift = [...orphans].flatMap(([name, instances]) =>
    instances.map((instance) => orphanItem(world, name, instance, held)),
  );
  const blocked = held?.applications ?? [];
  const prunable = removed.filter((name) => !blocked.includes(name));
  const isSettled = removed.length === 0;
  if (prunable.length === 0 || !isRolledOut) {
    const inTheWay = prunable.map((name) =>
      retireAll(
        world,
        name,
        (orphans.get(name) ?? []).filter((instance) => holdsOneOf(ports, instance)),
        traffic,
      ),
    );
    const waiting = prunable.map((application) =>
      waitingFor(application, 'pruned after all rollouts have succeeded', null),
    );
    const steps = inTheWay.flatMap((one) => one.steps);
    return { steps, entries: [], waiting, drift, held, settled: isSettled, wakeAt: null };
  }
  const waits = pruneWaits(removed, world.journal);
  const decisions = prunable.map((name) => {
    const reason = waits.get(name);
    return reason === undefined
      ? pruneApplication(world, name, orphans.get(name) ?? [], traffic)
      : { steps: [], entries: [], waiting: [waitingFor(name, reason, null)] };
  });
  const waiting = decisions.flatMap((one) => one.waiting);
  const times = waiting.flatMap(({ until }) => (until === null ? [] : [until]));
  return {
    steps: decisions.flatMap((one) => one.steps),
    entries: decisions.flatMap((one) => one.entries),
    waiting,
    drift,
    held,
    settled: isSettled,
    wakeAt: times.length === 0 ? null : Math.min(...times),
  };
}

/** One deleted application is what a person means to do; most of them at once may be a mistake. */
function holdBack(world: World, removed: readonly string[]): HeldPrune | null {
  const of = world.journal.applications.size;
  const isMany =
    removed.length > 1 && (removed.length > maxApplications || removed.length > of * maxShare);
  const isAll = removed.length > 0 && removed.length === of;
  if (!isMany && !isAll) return null;
  const { approved } = world.desired.fleet.prune;
  const waiting = removed.filter((name) => {
    const commit = world.journal.applications.get(name)?.removedBy ?? '';
    return !approved.some((prefix) => prefix.length >= shortestPrefix && commit.startsWith(prefix));
  });
  if (waiting.length === 0) return null;
  const commits = waiting.flatMap((name) => world.journal.applications.get(name)?.removedBy ?? []);
  return { applications: waiting, of, commits: [...new Set(commits)].toSorted() };
}

interface ApplicationPrune {
  readonly steps: readonly Step[];
  readonly entries: readonly JournalEntry[];
  readonly waiting: readonly Waiting[];
}

function pruneApplication(
  world: World,
  application: string,
  instances: readonly Instance[],
  traffic: readonly TrafficView[],
): ApplicationPrune {
  const unseen = unseenHosts(world, application, instances);
  if (unseen.length > 0) {
    const reason = `host "${unseen[0]}" is unreachable: nothing is pruned before all hosts are seen`;
    return { steps: [], entries: [], waiting: [waitingFor(application, reason, null)] };
  }
  if (instances.length > 0) return retireAll(world, application, instances, traffic);
  const networks = networkSteps(world, application);
  if (networks.steps.length > 0 || networks.waiting.length > 0) return networks;
  return { steps: [], entries: [{ kind: 'pruned', application, at: world.now }], waiting: [] };
}

function holdsOneOf(ports: WantedPorts, { container }: Instance): boolean {
  const wanted = ports.get(container.host) ?? [];
  return fixedHostPorts(container.spec).some((held) =>
    wanted.some((other) => collides(held, other)),
  );
}

/**
 * Hosts that may still hold instances: those that cannot be seen. A slot that was given to another host may have left one
 * behind on any of them, as long as some instance that is known is nowhere to be seen.
 */
function unseenHosts(
  world: World,
  application: string,
  instances: readonly Instance[],
): readonly HostName[] {
  const prefix = `${application}/`;
  const away = [...world.observations.values()].flatMap(({ kind, host }) =>
    kind === 'unreachable' ? [host] : [],
  );
  const seen = new Set(instances.map(({ container }) => container.id));
  const isMissed = [...world.journal.instances].some(
    ([id, { slot }]) => slot.startsWith(prefix) && !seen.has(id),
  );
  if (isMissed) return away.toSorted();
  const used = [...world.journal.slots]
    .filter(([key]) => key.startsWith(prefix))
    .map(([, { host }]) => host);
  return away.filter((host) => used.includes(host));
}

function retireAll(
  world: World,
  application: string,
  instances: readonly Instance[],
  traffic: readonly TrafficView[],
): ApplicationPrune {
  const steps: Step[] = [];
  const waiting: Waiting[] = [];
  const seen = new Set<string>();
  for (const instance of instances) {
    const key = instance.slotKey;
    if (seen.has(key)) continue;
    seen.add(key);
    const failed = world.failures.get(key);
    if (world.inFlight.has(key))
      waiting.push(waitingFor(application, 'removal is under way', null));
    else if (failed !== undefined && world.now < failed.retryAt) {
      waiting.push(waitingFor(application, failed.failure.message, failed.retryAt));
    } else {
      const { host } = instance.container;
      const { service, slot } = instance.identity;
      const good = world.journal.applications.get(application)?.lastKnownGood?.spec;
      const hooks = preStopOf([good], { service, hash: instance.hash, host });
      const action = nextRetirement(instance, null, hooks);
      const stops = action.kind === 'stop-container';
      const hold = stops ? whyStillServing(world, traffic, instance) : null;
      if (hold !== null) {
        const place = { service, slot, host, kind: 'traffic' } as const;
        waiting.push({ application, ...place, reason: hold.reason, until: hold.until });
        continue;
      }
      steps.push({
        key,
        host,
        application,
        service,
        slot,
        action,
        cause: pruneCause(world, application),
      });
    }
  }
  return { steps, entries: [], waiting };
}

function networkSteps(world: World, application: string): ApplicationPrune {
  const steps: Step[] = [];
  const waiting: Waiting[] = [];
  for (const observation of world.observations.values()) {
    if (observation.kind === 'unreachable') continue;
    const { host } = observation;
    for (const { id, name, labels } of observation.networks) {
      const isOurs =
        labels[label.fleet] === world.desired.fleet.name &&
        labels[label.application] === application;
      if (!isOurs) continue;
      const key = `${host}/network/${name}`;
      // A network that someone else still uses cannot be removed, and is left to them.
      if (world.failures.has(key)) continue;
      if (world.inFlight.has(key)) {
        waiting.push(waitingFor(application, 'network removal is under way', null));
        continue;
      }
      const cause = pruneCause(world, application);
      const action = { kind: 'remove-network', name, id } as const;
      steps.push({ key, host, application, service: '', slot: '', action, cause });
    }
  }
  return { steps, entries: [], waiting };
}

function pruneCause(world: World, application: string): Cause {
  const removedBy = world.journal.applications.get(application)?.removedBy;
  return {
    commit: removedBy ?? world.desired.revision.commit,
    origin: null,
    path: '',
    reason: `application "${application}" is no longer in the repository`,
    changes: [],
  };
}

function orphanItem(
  world: World,
  application: string,
  instance: Instance,
  held: HeldPrune | null,
): DriftItem {
  const record = world.journal.applications.get(application);
  const isHeld = held?.applications.includes(application) === true;
  const isPrunable = record !== undefined && !isHeld;
  const origin: Origin | null = null;
  return {
    application,
    service: instance.identity.service,
    slot: instance.identity.slot,
    host: instance.container.host,
    container: instance.container.name,
    containerId: instance.container.id,
    class: 'orphan',
    severity: 'warning',
    path: '',
    desired: null,
    observed: instance.container.name,
    origin,
    commit: record?.removedBy ?? null,
    action: isPrunable ? 'prune' : 'report',
    note: whyOrphan(isHeld, record !== undefined),
  };
}

function whyOrphan(isHeld: boolean, isRecorded: boolean): string {
  if (isHeld) return 'its removal is held until it is approved';
  return isRecorded
    ? 'its application is no longer in the repository'
    : 'no accepted commit is known to have had its application: it is left alone';
}

function waitingFor(application: string, reason: string, until: number | null): Waiting {
  const kind = until === null ? 'turn' : 'retry';
  return { application, kind, service: '', slot: '', host: null, reason, until };
}
