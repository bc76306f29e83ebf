import { backendOf, serverName, type ProxyServer } from '../model/traffic.ts';
import type { Action } from '../model/step.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { isAdmitted, isToldOf } from './decide-traffic.ts';
import type { Place } from './draft.ts';
import type { Proxy, TrafficView } from './endpoints.ts';
import type { World } from './world.ts';

/** Why requests stand in the way of something. */
export interface TrafficWait {
  readonly reason: string;
  /** When it is over at the latest; null: when something changes. */
  readonly until: number | null;
  /** What is not known, or not taken, is trouble of a proxy; empty: there is none. */
  readonly trouble: 'ProxyUnreachable' | 'ProxyRefused' | '';
}

/**
 * Why an instance must not be stopped yet; null: no proxy sends it requests. It is not stopped before each proxy has said so
 * itself: one that is silent, or on a host that cannot be seen, may send it some.
 */
export function whyStillServing(
  world: World,
  views: readonly TrafficView[],
  instance: Instance,
): TrafficWait | null {
  return firstWait(views, (view) => whyServingThrough(world, view, instance));
}

/** What one group of proxies waits for is waited for, whatever the others say. */
function firstWait(
  views: readonly TrafficView[],
  why: (view: TrafficView) => TrafficWait | null,
): TrafficWait | null {
  for (const view of views) {
    const wait = why(view);
    if (wait !== null) return wait;
  }
  return null;
}

function whyServingThrough(
  world: World,
  view: TrafficView,
  instance: Instance,
): TrafficWait | null {
  const { application, service } = instance.identity;
  const backend = backendOf(application, service);
  const isExposed = view.exposures.has(backend);
  const name = serverName(instance.container.host, instance.container);
  const timeoutMs = view.exposures.get(backend)?.expose.drainTimeoutMs ?? 0;
  for (const proxy of view.proxies) {
    const { state } = proxy;
    if (state === null) {
      if (isExposed) return unknownAt(world, proxy);
      continue;
    }
    const server = state.servers.find((one) => one.backend === backend && one.name === name);
    const endpoint = server ?? { backend, name, address: '', port: 0 };
    const why = isToldOf(world, proxy, endpoint)
      ? { reason: `${nameOf(proxy)} is being told of it`, until: null, trouble: '' as const }
      : whyAt(world, proxy, server, timeoutMs);
    if (why !== null) return why;
  }
  const [away] = view.away;
  return isExposed && away !== undefined ? unknownOn(away) : null;
}

function whyAt(
  world: World,
  proxy: Proxy,
  server: ProxyServer | undefined,
  timeoutMs: number,
): TrafficWait | null {
  if (server === undefined) return null;
  if (server.isReady) {
    const reason = `${nameOf(proxy)} sends it requests`;
    return { reason, until: null, trouble: '' };
  }
  if (server.sessions === 0) return null;
  const until = (proxy.leavingSince[server.name] ?? world.now) + timeoutMs;
  if (world.now >= until) return null;
  const reason = `it answers the last requests of ${nameOf(proxy)} (${server.sessions})`;
  return { reason, until, trouble: '' };
}

/**
 * Why nothing may be taken from what serves for a service: some proxy has not taken in all that are to have requests; null:
 * each has.
 *
 * @param only looks at this instance alone
 */
export function whyNotAdmitted(
  world: World,
  views: readonly TrafficView[],
  application: string,
  service: string,
  only?: Instance,
): TrafficWait | null {
  const backend = backendOf(application, service);
  return firstWait(views, (view) => whyNotIn(world, view, backend, only));
}

function whyNotIn(
  world: World,
  view: TrafficView,
  backend: string,
  only: Instance | undefined,
): TrafficWait | null {
  if (!view.exposures.has(backend)) return null;
  for (const proxy of view.proxies) {
    const { state } = proxy;
    if (state === null) return unknownAt(world, proxy);
    if (!state.backends.includes(backend)) return withoutBackend(proxy, backend);
    const missing = view.endpoints.find(({ instance, endpoint }) => {
      if (endpoint.backend !== backend || (only !== undefined && only !== instance)) return false;
      return !isAdmitted(state, endpoint);
    });
    if (missing === undefined) continue;
    const { name } = missing.instance.container;
    const reason = `${nameOf(proxy)} does not send "${name}" requests yet`;
    const failed = refusalOf(world, proxy, missing.endpoint.name);
    if (failed !== null) return { reason: failed, until: null, trouble: 'ProxyRefused' };
    return { reason, until: null, trouble: '' };
  }
  const [away] = view.away;
  return away === undefined ? null : unknownOn(away);
}

function refusalOf({ failures }: World, { instance }: Proxy, server: string): string | null {
  const { host, name } = instance.container;
  const prefix = `${host}/proxy/${name}/`;
  for (const [key, { failure }] of failures) {
    if (key.startsWith(prefix) && key.endsWith(`/${server}`)) return failure.message;
  }
  return null;
}

/** Before it is said that a silent proxy stands in the way: one that starts is silent for a moment. */
const patienceMs = 10_000;

function unknownAt({ now }: World, proxy: Proxy): TrafficWait {
  const { silence } = proxy;
  if (silence === null) {
    return { reason: `${nameOf(proxy)} is asked first`, until: null, trouble: '' };
  }
  const reason = `${nameOf(proxy)} does not answer: ${silence.reason}`;
  const until = silence.since + patienceMs;
  if (now < until) return { reason, until, trouble: '' };
  return { reason, until: null, trouble: 'ProxyUnreachable' };
}

function unknownOn({ slotKey, host }: TrafficView['away'][number]): TrafficWait {
  const reason = `proxy ${slotKey} on host "${host}" cannot be seen, and may send requests still`;
  return { reason, until: null, trouble: 'ProxyUnreachable' };
}

function withoutBackend(proxy: Proxy, backend: string): TrafficWait {
  const reason = `${nameOf(proxy)} has no backend "${backend}": add one of this name to its configuration`;
  return { reason, until: null, trouble: 'ProxyRefused' };
}

function nameOf({ instance }: Proxy): string {
  const { name, host } = instance.container;
  return `proxy "${name}" on host "${host}"`;
}

/** Says what requests stand in the way of. */
export function awaitTraffic(
  { draft }: Pick<ApplicationContext, 'draft'>,
  place: Place,
  { reason, until, trouble }: TrafficWait,
): void {
  draft.wait(trouble === '' ? 'traffic' : 'host', place, reason, until);
  if (trouble === '') return;
  draft.block(place.service, place.slot, trouble, reason, 'infrastructure');
}

/** Whether the next step on the way out of an instance is its stop, and that has to wait: then it is said. */
export function isHeldByTraffic(
  context: Pick<ApplicationContext, 'draft' | 'traffic' | 'world'>,
  instance: Instance,
  action: Action,
): boolean {
  if (action.kind !== 'stop-container') return false;
  const hold = whyStillServing(context.world, context.traffic, instance);
  if (hold === null) return false;
  const { service, slot } = instance.identity;
  awaitTraffic(context, { service, slot, host: instance.container.host }, hold);
  return true;
}

/** Whether all that is exposed gets its requests; where it does not, it is said. */
export function awaitAdmissions(context: ApplicationContext): boolean {
  const { world, traffic, application, views } = context;
  let isIn = true;
  for (const { service } of views) {
    const hold = whyNotAdmitted(world, traffic, application, service.name);
    if (hold === null) continue;
    isIn = false;
    awaitTraffic(context, { service: service.name, slot: '', host: null }, hold);
  }
  return isIn;
}
