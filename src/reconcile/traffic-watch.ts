import { isDeepStrictEqual } from 'node:util';

import type { Fleet } from '../fleet/fleet.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import type { StepOutcome, TrafficAction } from '../model/step.ts';
import type {
  ProxyReading,
  ProxyRole,
  ProxyState,
  TrafficChange,
  TrafficMap,
} from '../model/traffic.ts';
import { runningProxies } from '../rollout/endpoints.ts';
import type { World } from '../rollout/world.ts';
import { openRouter as openUsual } from '../traffic/open-router.ts';
import type { OpenRouter, ProxyAnswer, TrafficRouter } from '../traffic/traffic-router.ts';
import type { RequestCounts } from './load-between.ts';
import { outcomeAt, readingAfter } from './proxy-reading.ts';

/** A proxy that runs. */
interface WatchedProxy {
  readonly host: HostName;
  readonly container: ContainerId;
  readonly startedAt: number;
  readonly role: ProxyRole;
  /** The way to it, as the commit says. */
  readonly router: TrafficRouter;
}

interface TrafficParts {
  readonly clock: Clock;
  readonly fleet: Pick<Fleet, 'ask'>;
  /** The way to the proxies; through the engines of their hosts by default. */
  readonly openRouter?: OpenRouter;
  /** How often a proxy is asked that nothing is awaited of, in milliseconds. */
  readonly idleMs?: number;
  /** Called when something else is known than before. */
  readonly onChange: () => void;
}

/** While an instance answers its last requests, or a proxy is silent. */
const busyMs = 250;
const silentMs = 1_000;
/** Somebody may have been at the proxy. */
const usualIdleMs = 30_000;
/** Changes that are sent at once. */
const most = 50;

/**
 * Knows what each proxy says of itself, and tells it what changes. Each proxy is asked one thing at a time, so that what is
 * known of it is never older than a change that was made; what is to change meanwhile goes together, next.
 */
export class TrafficWatch implements Disposable {
  readonly #parts: TrafficParts;
  readonly #watches = new Map<ContainerId, Watch>();
  readonly #readings = new Map<ContainerId, ProxyReading>();

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  /** Watches the proxies that are seen from now on, and no others; gives what is known of them by now. */
  see(world: Pick<World, 'desired' | 'observations' | 'journal'>): TrafficMap {
    const { fleet, openRouter = openUsual } = this.#parts;
    const proxies = runningProxies(world).flatMap(({ group, container }) => {
      const { id, host, startedAt } = container;
      if (startedAt === null) return [];
      const router = openRouter(fleet, group);
      return [{ container: id, host, startedAt, role: group.role, router }];
    });
    this.#watch(proxies);
    return this.#readings;
  }

  #watch(proxies: readonly WatchedProxy[]): void {
    const wanted = new Map(proxies.map((proxy) => [proxy.container, proxy]));
    for (const [container, watch] of this.#watches) {
      if (wanted.get(container)?.startedAt === watch.proxy.startedAt) continue;
      watch.stop.abort();
      watch.cancel();
      this.#watches.delete(container);
      this.#readings.delete(container);
    }
    for (const proxy of proxies) {
      const known = this.#watches.get(proxy.container);
      if (known !== undefined) {
        known.proxy = proxy;
        continue;
      }
      const watch = {
        proxy,
        stop: new AbortController(),
        cancel,
        asked: [],
        counting: [],
        isAsking: false,
      };
      this.#watches.set(proxy.container, watch);
      this.#ask(watch);
    }
  }

  /** Asks a proxy now: something was done to its container, and it may have forgotten what it was told. */
  look(container: ContainerId): void {
    const watch = this.#watches.get(container);
    if (watch !== undefined) this.#ask(watch);
  }

  /**
   * Asks the proxies of some roles how many requests each server was given so far; null: there are none, or one does not
   * tell. Never throws.
   */
  async count(
    roles: readonly ProxyRole[],
  ): Promise<ReadonlyMap<ContainerId, RequestCounts> | null> {
    const asked = [...this.#watches].filter(([, { proxy }]) => roles.includes(proxy.role));
    const counts = await Promise.all(
      asked.map(async ([container, watch]) => {
        const answer = await new Promise<ProxyAnswer>((resolve) => {
          watch.counting.push(resolve);
          this.#ask(watch);
        });
        return [container, answer] as const;
      }),
    );
    const told = counts.flatMap(([container, answer]) =>
      typeof answer === 'string' ? [] : [[container, countsIn(answer.state)] as const],
    );
    return told.length === 0 || told.length < counts.length ? null : new Map(told);
  }

  /** Tells a proxy. When it resolves, the readings show it. Never throws. */
  change(action: TrafficAction): Promise<StepOutcome> {
    const watch = this.#watches.get(action.guard.id);
    if (watch === undefined) {
      return Promise.resolve({ kind: 'skipped', reason: `proxy "${action.name}" is gone` });
    }
    return new Promise((resolve) => {
      watch.asked.push({ change: action, proxy: action.name, resolve });
      this.#ask(watch);
    });
  }

  [Symbol.dispose](): void {
    this.#watch([]);
  }

  #ask(watch: Watch): void {
    if (watch.isAsking || watch.stop.signal.aborted) return;
    watch.isAsking = true;
    watch.cancel();
    const asked = watch.asked.splice(0, most);
    const { proxy, stop } = watch;
    const changes = asked.map(({ change }) => change);
    // A rejection that nobody takes would end the daemon.
    void proxy.router
      .ask(proxy, changes, stop.signal)
      .catch(messageOf)
      .then((one) => this.#note(watch, asked, one));
  }

  #note(watch: Watch, asked: readonly Asked[], answer: ProxyAnswer): void {
    watch.isAsking = false;
    const isStopped = watch.stop.signal.aborted;
    if (!isStopped) this.#remember(watch, answer);
    for (const { change, proxy, resolve } of asked) resolve(outcomeAt(answer, change, proxy));
    for (const resolve of watch.counting.splice(0)) resolve(isStopped ? stopped : answer);
    if (isStopped) giveUp(watch);
    else if (watch.asked.length > 0) this.#ask(watch);
  }

  #remember(watch: Watch, answer: ProxyAnswer): void {
    const { clock, onChange, idleMs = usualIdleMs } = this.#parts;
    const { container, startedAt } = watch.proxy;
    const before = this.#readings.get(container);
    const reading = readingAfter(before, answer, startedAt, clock.now());
    this.#readings.set(container, reading);
    watch.cancel = clock.after(restMs(reading, idleMs), () => this.#ask(watch));
    if (!isDeepStrictEqual(reading, before)) onChange();
  }
}

function giveUp({ asked }: Watch): void {
  for (const { proxy, resolve } of asked.splice(0)) {
    resolve({ kind: 'skipped', reason: `proxy "${proxy}" is gone, or was started anew` });
  }
}

const stopped = 'it was started anew';

function countsIn({ servers }: ProxyState): RequestCounts {
  return new Map(servers.map(({ name, requests = null }) => [name, requests]));
}

interface Asked {
  readonly change: TrafficChange;
  /** Its name. */
  readonly proxy: string;
  readonly resolve: (outcome: StepOutcome) => void;
}

interface Watch {
  /** As it was seen last. */
  proxy: WatchedProxy;
  readonly stop: AbortController;
  readonly asked: Asked[];
  /** Who wants to know what is counted. */
  readonly counting: ((answer: ProxyAnswer) => void)[];
  isAsking: boolean;
  /** Of the next question that is due by itself. */
  cancel: () => void;
}

function cancel(): void {
  // Nothing is due yet.
}

function restMs(reading: ProxyReading, idleMs: number): number {
  if (reading.kind === 'silent') return silentMs;
  const isBusy = reading.state.servers.some(({ isReady, sessions }) => !isReady && sessions > 0);
  return isBusy ? busyMs : idleMs;
}
