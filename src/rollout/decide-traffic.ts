import { groupBy } from '../model/group-by.ts';
import type { HostName } from '../model/names.ts';
import { noOrigins, originOf } from '../model/origin.ts';
import type { Cause, Step, TrafficAction } from '../model/step.ts';
import type { ProxyServer, ProxyState, TrafficChange, TrafficEndpoint } from '../model/traffic.ts';
import { routeKey, serverName } from '../model/traffic.ts';
import type { Instance } from '../drift/identify.ts';
import type { Proxy, TrafficView, WantedEndpoint } from './endpoints.ts';
import type { Exposure } from './exposures.ts';
import { guardOf } from './retire.ts';
import type { World } from './world.ts';

/** What is to be told to the proxies, and when it is tried again where they did not take it. */
export interface TrafficDecision {
  readonly steps: readonly Step[];
  /** Keys of all that is not as it is to be, also of what is under way or put off. */
  readonly open: ReadonlySet<string>;
  /** Every proxy that runs has what it is to have, and nothing else. */
  readonly settled: boolean;
  readonly wakeAt: number | null;
}

/**
 * The difference between what each proxy has and what it is to have. Nothing is remembered: a proxy that was started anew
 * has nothing, and gets all of it.
 */
export function decideTraffic(world: World, views: readonly TrafficView[]): TrafficDecision {
  const changes = views.flatMap((view) =>
    view.proxies.flatMap((proxy) => changesAt(world, view, proxy)),
  );
  const open = changes.filter(({ key }) => !world.inFlight.has(key));
  const isPutOff = ({ key }: Step): boolean => (world.failures.get(key)?.retryAt ?? 0) > world.now;
  const times = open.filter(isPutOff).map(({ key }) => world.failures.get(key)?.retryAt ?? 0);
  return {
    steps: open.filter((step) => !isPutOff(step)),
    open: new Set(changes.map(({ key }) => key)),
    settled: changes.length === 0 && views.every(areWhole),
    wakeAt: times.length === 0 ? null : Math.min(...times),
  };
}

/** Each has all backends that it is to have: without one, nothing can be told to it. */
function areWhole({ proxies, exposures }: TrafficView): boolean {
  const wanted = [...exposures.keys()];
  return proxies.every(
    ({ state }) => state !== null && wanted.every((one) => state.backends.includes(one)),
  );
}

/** What a proxy has made up is no plan of any length; the rest of it is seen when these are gone. */
const mostUnwanted = 200;

/** Who is admitted before who is withdrawn, and all before the routes that lead to them: nothing leads nowhere. */
function changesAt(world: World, view: TrafficView, proxy: Proxy): readonly Step[] {
  const { state } = proxy;
  if (state === null) return [];
  const admitted = view.endpoints.filter(
    ({ endpoint }) => state.backends.includes(endpoint.backend) && !isAdmitted(state, endpoint),
  );
  const wanted = new Set(view.endpoints.map(({ endpoint }) => idOf(endpoint)));
  const unwanted = state.servers
    .filter((server) => !wanted.has(idOf(server)) && !view.isKept(server))
    .slice(0, mostUnwanted);
  const running = runningServers(world);
  return [
    ...admitted.map((one) => admit(world, proxy, one)),
    ...unwanted.flatMap((server) => leave(world, view, proxy, server, running)),
    ...routeSteps(world, view, proxy, state),
  ];
}

/** Whether a proxy sends requests to an endpoint where it is now: a container that was started anew may have another port. */
export function isAdmitted({ servers }: ProxyState, endpoint: TrafficEndpoint): boolean {
  return servers.some((server) => isSame(server, endpoint) && server.isReady);
}

function isSame(server: ProxyServer, endpoint: TrafficEndpoint): boolean {
  const { address, port } = endpoint;
  return idOf(server) === idOf(endpoint) && server.address === address && server.port === port;
}

function idOf({ backend, name }: TrafficEndpoint): string {
  return `${backend}/${name}`;
}

function runningServers({ observations }: World): ReadonlySet<string> {
  const running = new Set<string>();
  for (const observation of observations.values()) {
    if (observation.kind === 'unreachable') continue;
    for (const container of observation.containers) {
      if (container.state === 'running') running.add(serverName(container.host, container));
    }
  }
  return running;
}

function admit(world: World, proxy: Proxy, { instance, exposure, endpoint }: WantedEndpoint): Step {
  const { identity } = instance;
  const reason = 'it has passed its gate: it may have requests';
  const place = {
    application: identity.application,
    service: identity.service,
    slot: identity.slot,
  };
  const change = { kind: 'admit-endpoint', endpoint } as const;
  return stepAt(proxy, change, place, causeIn(world, exposure, reason));
}

/**
 * First it gets no new requests. When it has answered those that it has, or does not run any more, it is forgotten; what runs
 * and is not asked for any more is forgotten then too.
 */
function leave(
  world: World,
  { exposures }: TrafficView,
  proxy: Proxy,
  server: ProxyServer,
  running: ReadonlySet<string>,
): readonly Step[] {
  const { backend, name, address, port, isReady, sessions } = server;
  const isGone = !running.has(name);
  if (!isReady && sessions > 0 && !isGone) return [];
  const [application = '', service = ''] = backend.split(':');
  const kind = isReady ? 'withdraw-endpoint' : 'remove-endpoint';
  const reason = isReady ? 'it is to have no requests any more' : 'it has no requests any more';
  const cause = causeIn(
    world,
    exposures.get(backend),
    isGone ? 'it does not run any more' : reason,
  );
  const endpoint = { backend, name, address, port };
  return [stepAt(proxy, { kind, endpoint }, { application, service, slot: '' }, cause)];
}

function routeSteps(
  world: World,
  { exposures }: TrafficView,
  proxy: Proxy,
  { routes, backends, servers }: ProxyState,
): readonly Step[] {
  const serving = new Set(servers.filter(({ isReady }) => isReady).map(({ backend }) => backend));
  const byKey = groupBy([...exposures.values()], ({ host, expose }) => routeKey(host, expose.path));
  const wanted = new Map(
    [...byKey].flatMap(([key, rivals]) => {
      const chosen = chooseRival(world, rivals, serving);
      return chosen === undefined ? [] : [[key, chosen] as const];
    }),
  );
  const steps: Step[] = [];
  for (const [key, exposure] of wanted) {
    const { application, service, backend } = exposure;
    if (routes[key] === backend || !backends.includes(backend)) continue;
    const change = {
      kind: 'route-requests',
      key,
      backend,
      isNew: routes[key] === undefined,
    } as const;
    const place = { application, service: service.name, slot: '' };
    steps.push(stepAt(proxy, change, place, causeIn(world, exposure, 'requests come in for it')));
  }
  const unwanted = Object.entries(routes).filter(([key]) => !wanted.has(key));
  for (const [key, backend] of unwanted.slice(0, mostUnwanted)) {
    const [application = '', service = ''] = backend.split(':');
    const change = { kind: 'route-requests', key, backend: null, isNew: false } as const;
    const cause = causeIn(world, undefined, 'nothing asks for these requests any more');
    steps.push(stepAt(proxy, change, { application, service, slot: '' }, cause));
  }
  return steps;
}

/**
 * A commit gives a key to one service; but what it takes away, or what failed and went back, may ask for it still. The one that
 * the commit names has the requests as soon as it may have some at this proxy, and the other one until then.
 */
function chooseRival(
  { desired }: World,
  rivals: readonly Exposure[],
  serving: ReadonlySet<string>,
): Exposure | undefined {
  const isAsked = ({ commit }: Exposure): boolean => commit === desired.revision.commit;
  const inOrder = [...rivals.filter(isAsked), ...rivals.filter((one) => !isAsked(one))];
  return inOrder.find(({ backend }) => serving.has(backend)) ?? inOrder[0];
}

interface Whose {
  readonly application: string;
  readonly service: string;
  readonly slot: string;
}

function stepAt({ instance }: Proxy, change: TrafficChange, whose: Whose, cause: Cause): Step {
  const { name, host } = instance.container;
  const action: TrafficAction = { ...change, guard: guardOf(instance, ['running']), name };
  return { key: keyOf(instance, change), host, ...whose, action, cause };
}

/** What becomes of one endpoint, or one route, at one proxy, is one thing at a time. */
function keyOf({ container }: Instance, change: TrafficChange): string {
  const what = change.kind === 'route-requests' ? `routes/${change.key}` : idOf(change.endpoint);
  return endpointKey(container.host, container.name, what);
}

function endpointKey(host: HostName, proxy: string, what: string): string {
  return `${host}/proxy/${proxy}/${what}`;
}

function causeIn(world: World, exposure: Exposure | undefined, reason: string): Cause {
  const path = 'x-fleetwright.expose';
  const origins = exposure?.service.origins ?? noOrigins;
  return {
    commit: exposure?.commit ?? world.desired.revision.commit,
    origin: originOf(origins, path) ?? null,
    path: exposure === undefined ? '' : path,
    reason,
    changes: [],
  };
}

/** What is told about one endpoint at one proxy just now. */
export function isToldOf(world: World, { instance }: Proxy, endpoint: TrafficEndpoint): boolean {
  const { host, name } = instance.container;
  return world.inFlight.has(endpointKey(host, name, idOf(endpoint)));
}
