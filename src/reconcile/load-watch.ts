import { isDeepStrictEqual } from 'node:util';

import type { AutoscaleSpec, LoadMap, QueryReading, ServiceLoad } from '../model/autoscale.ts';
import { loadKey } from '../model/autoscale.ts';
import type { Clock } from '../model/clock.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import { hostBehind, serverName, type ProxyGroup } from '../model/traffic.ts';
import { identityOf } from '../drift/identify.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { JudgedLoad } from '../rollout/decide-scale.ts';
import type { StandingWorld } from '../rollout/host-standing.ts';
import { fleetStanding } from '../rollout/host-standing.ts';
import type { AskPrometheus } from './ask-prometheus.ts';
import { askPrometheus as askUsual } from './ask-prometheus.ts';
import type { LoadSample } from './load-between.ts';
import { loadBetween } from './load-between.ts';
import type { TrafficWatch } from './traffic-watch.ts';

interface LoadParts {
  readonly clock: Clock;
  readonly fleet: Pick<Fleet, 'usage'>;
  readonly traffic: Pick<TrafficWatch, 'count'>;
  /** The way to the Prometheus of the fleet; over the network by default. */
  readonly askPrometheus?: AskPrometheus;
  /** Called when something was measured. */
  readonly onChange: () => void;
}

/** Measures the load of the services that ask for it, each at its own interval: none is measured otherwise. */
export class LoadWatch implements Disposable {
  readonly #parts: LoadParts;
  readonly #watches = new Map<string, Watch>();
  /** Where queries go; absent: there is no such place. */
  #prometheus: string | undefined = undefined;

  constructor(parts: LoadParts) {
    this.#parts = parts;
  }

  /** Measures what is asked for from now on, and nothing else; gives what is known by now. */
  see(world: StandingWorld): LoadMap {
    const wanted = askingServices(world);
    for (const [key, watch] of this.#watches) {
      if (isDeepStrictEqual(wanted.get(key)?.autoscale, watch.autoscale)) continue;
      watch.stop.abort();
      watch.cancel();
      this.#watches.delete(key);
    }
    if (wanted.size === 0) return nothing;
    this.#prometheus = world.desired.fleet.prometheus;
    const instances = runningInstances(world, wanted);
    for (const [key, { autoscale, proxies }] of wanted) {
      const known = this.#watches.get(key);
      const watch = known ?? { ...unmeasured, autoscale, stop: new AbortController() };
      watch.instances = instances.get(key) ?? [];
      watch.roles = areProxiesSeen(world, proxies) ? proxies.map(({ role }) => role) : [];
      if (known !== undefined) continue;
      this.#watches.set(key, watch);
      void this.#measure(watch);
    }
    const loads = [...this.#watches].flatMap(([key, { load }]) =>
      load === null ? [] : [[key, load] as const],
    );
    return new Map(loads);
  }

  /** Remembers what the loads came to. */
  note(judged: readonly JudgedLoad[]): void {
    for (const { key, recommendations } of judged) {
      const watch = this.#watches.get(key);
      const load = watch?.load ?? null;
      if (watch !== undefined && load !== null) watch.load = { ...load, recommendations };
    }
  }

  [Symbol.dispose](): void {
    for (const { stop, cancel } of this.#watches.values()) {
      stop.abort();
      cancel();
    }
    this.#watches.clear();
  }

  async #measure(watch: Watch): Promise<void> {
    const { clock, onChange } = this.#parts;
    const { intervalMs } = watch.autoscale;
    const due = clock.now() + intervalMs;
    const before = watch.sample;
    const sample = await this.#sample(watch);
    if (watch.stop.signal.aborted) return;
    watch.sample = sample;
    if (before !== null) {
      const { recommendations } = watch.load ?? { recommendations: [] };
      watch.load = { ...loadBetween(before, sample), recommendations };
      onChange();
    }
    watch.cancel = clock.after(Math.max(0, due - clock.now()), () => void this.#measure(watch));
  }

  async #sample({ autoscale, instances, roles, stop }: Watch): Promise<LoadSample> {
    const { clock, fleet, traffic } = this.#parts;
    const isCounted = autoscale.requestsPerSecond !== undefined;
    const count = isCounted && roles.length > 0 ? traffic.count(roles) : Promise.resolve(null);
    const counting = count.then((counts) => ({ counts, countedAt: clock.now() }));
    const querying = this.#query(autoscale, stop.signal);
    const asked = autoscale.cpu === undefined ? [] : instances;
    const usages = await Promise.all(
      asked.map(async ({ id, host }) => [id, await fleet.usage(host, id, stop.signal)] as const),
    );
    const counted = await counting;
    return {
      at: clock.now(),
      cpu: new Map(usages.flatMap(([id, usage]) => (usage === null ? [] : [[id, usage]]))),
      servers: new Map(instances.map(({ id, server }) => [id, server])),
      ...counted,
      prometheus: await querying,
    };
  }

  /** Null: there is no query, or nobody to ask any more. */
  async #query({ prometheus }: AutoscaleSpec, signal: AbortSignal): Promise<QueryReading | null> {
    const url = this.#prometheus;
    if (prometheus === undefined || url === undefined) return null;
    const { askPrometheus = askUsual } = this.#parts;
    return await askPrometheus({ url, query: prometheus.query }, signal);
  }
}

interface RunningInstance {
  readonly id: ContainerId;
  readonly host: HostName;
  /** Its name at the proxies. */
  readonly server: string;
}

interface Watch {
  readonly autoscale: AutoscaleSpec;
  readonly stop: AbortController;
  instances: readonly RunningInstance[];
  /** Of the proxies that its requests come through, all of which can be seen; empty: there are none, or some cannot. */
  roles: readonly ProxyGroup['role'][];
  /** The last one; null: there is none yet. */
  sample: LoadSample | null;
  load: ServiceLoad | null;
  /** Of the next measurement. */
  cancel: () => void;
}

const unmeasured = { instances: [], roles: [], sample: null, load: null, cancel: (): void => {} };
const nothing: LoadMap = new Map();

interface AskingService {
  readonly autoscale: AutoscaleSpec;
  /** Those that its requests come through. */
  readonly proxies: readonly ProxyGroup[];
}

function askingServices({ desired }: StandingWorld): ReadonlyMap<string, AskingService> {
  const { applications, fleet } = desired;
  return new Map(
    applications.flatMap(({ name, services }) =>
      services.flatMap(({ name: service, autoscale, expose }) => {
        if (autoscale === undefined) return [];
        const proxies = fleet.proxies.filter(
          ({ role }) => expose !== undefined && hostBehind(expose, role) !== undefined,
        );
        return [[loadKey(name, service), { autoscale, proxies }] as const];
      }),
    ),
  );
}

function runningInstances(
  { observations, journal }: StandingWorld,
  wanted: ReadonlyMap<string, AskingService>,
): ReadonlyMap<string, readonly RunningInstance[]> {
  const found = new Map<string, RunningInstance[]>();
  for (const observation of observations.values()) {
    if (observation.kind === 'unreachable') continue;
    for (const container of observation.containers) {
      const identity = identityOf(container, journal);
      if (identity === null || container.state !== 'running') continue;
      const key = loadKey(identity.application, identity.service);
      if (!wanted.has(key)) continue;
      const { id, host } = container;
      const instance = { id, host, server: serverName(host, container) };
      found.set(key, [...(found.get(key) ?? []), instance]);
    }
  }
  return found;
}

/**
 * A proxy on a host that cannot be seen counts requests too: without it a busy service looks idle. Where the host is lost or
 * fenced, the others have its requests, unless it is the operator that is cut off.
 */
function areProxiesSeen(world: StandingWorld, proxies: readonly ProxyGroup[]): boolean {
  const { observations, journal } = world;
  const prefixes = proxies.map(({ application, service }) => `${application}/${service}/`);
  const unseen = [...journal.slots].flatMap(([slot, { host }]) =>
    prefixes.some((prefix) => slot.startsWith(prefix)) &&
    observations.get(host)?.kind === 'unreachable'
      ? [host]
      : [],
  );
  if (unseen.length === 0) return true;
  const { hosts, isolation } = fleetStanding(world);
  const down = hosts.filter(
    ({ isFenced, state }) => isFenced || (state === 'lost' && isolation === null),
  );
  const names = new Set(down.map(({ host }) => host));
  return unseen.every((host) => names.has(host));
}
