import type { ProxyGroup, ProxyReading, ProxyState, TrafficEndpoint } from '../model/traffic.ts';
import { backendOf, hostOfServer, idOfServer, serverName, shortId } from '../model/traffic.ts';
import type { InstanceIdentity } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import type { ObservedContainer } from '../model/observation.ts';
import type { Instance, Inventory } from '../drift/identify.ts';
import { identityOf } from '../drift/identify.ts';
import type { Exposure } from './exposures.ts';
import { exposedPort, exposuresOf } from './exposures.ts';
import type { FleetStanding } from './host-standing.ts';
import { offNetworks } from './off-networks.ts';
import type { Target } from './target.ts';
import type { World } from './world.ts';

/** Who may receive requests through a group of proxies, and what these say of it. */
export interface TrafficView {
  readonly group: ProxyGroup;
  /** Those that run and can be seen. Sorted by slot. */
  readonly proxies: readonly Proxy[];
  /** Proxies on hosts that cannot be seen and are not given up: they may hand out requests still. */
  readonly away: readonly AwayProxy[];
  /** By backend. */
  readonly exposures: ReadonlyMap<string, Exposure>;
  /** The set that each proxy is to have. */
  readonly endpoints: readonly WantedEndpoint[];
  /** By server, whether a proxy keeps what nobody can see: it serves on, as far as anybody knows. */
  readonly isKept: (server: TrafficEndpoint) => boolean;
}

export interface Proxy {
  readonly instance: Instance;
  /** Null: it was not asked yet, or does not answer. */
  readonly state: ProxyState | null;
  /** By the name of a server, since when it has been given no new requests. */
  readonly leavingSince: Readonly<Record<string, number>>;
  /** Why there is no state, and since when; null: it is only not asked yet. */
  readonly silence: { readonly reason: string; readonly since: number } | null;
}

export interface AwayProxy {
  readonly slotKey: string;
  readonly host: HostName;
}

export interface WantedEndpoint {
  readonly instance: Instance;
  readonly exposure: Exposure;
  readonly endpoint: TrafficEndpoint;
}

/** One for each group of proxies that fleet.yaml names. */
export function viewTraffic(
  world: World,
  targets: readonly Target[],
  { instances }: Inventory,
  standing: FleetStanding,
): readonly TrafficView[] {
  const darkHosts = darkHostsOf(standing);
  return world.desired.fleet.proxies.map((group) => {
    const exposures = exposuresOf(world, targets, group.role);
    const endpoints = instances.flatMap((instance) => wantedEndpoint(world, exposures, instance));
    return {
      group,
      exposures,
      isKept: keeping(world, standing, darkHosts, endpoints),
      proxies: instances.filter((one) => isProxy(group, one)).map((one) => proxyOf(world, one)),
      away: awayProxies(world, group, darkHosts),
      endpoints,
    };
  });
}

function darkHostsOf({ hosts }: FleetStanding): ReadonlySet<string> {
  const dark = hosts.filter(({ awaySince, isFenced, state }) => {
    return awaySince !== null && !isFenced && state !== 'lost';
  });
  return new Set(dark.map(({ host }) => host));
}

/** Also one on probation: whoever listens may be given requests. */
function isProxy(group: ProxyGroup, { identity, container }: Instance): boolean {
  return isOneOf(group, identity) && isUp(container);
}

/** One that is paused goes on with what it knew. */
function isUp({ state }: ObservedContainer): boolean {
  return state === 'running' || state === 'paused';
}

function isOneOf(group: ProxyGroup, { application, service }: InstanceIdentity): boolean {
  return application === group.application && service === group.service;
}

/** A proxy that runs. */
export interface RunningProxy {
  readonly group: ProxyGroup;
  readonly container: ObservedContainer;
}

/** Proxies that run, as far as they can be seen. */
export function runningProxies({
  desired,
  observations,
  journal,
}: Pick<World, 'desired' | 'observations' | 'journal'>): readonly RunningProxy[] {
  const { proxies } = desired.fleet;
  if (proxies.length === 0) return [];
  const seen = [...observations.values()].flatMap((host) =>
    host.kind === 'reachable' ? host.containers : [],
  );
  return seen.flatMap((container) => {
    const identity = isUp(container) ? identityOf(container, journal) : null;
    const group = proxies.find((one) => identity !== null && isOneOf(one, identity));
    return group === undefined ? [] : [{ group, container }];
  });
}

function proxyOf({ traffic }: World, instance: Instance): Proxy {
  const { id, startedAt } = instance.container;
  const reading = traffic.get(id);
  const unknown = { instance, state: null, leavingSince: {} };
  if (reading === undefined || !isOf(reading, startedAt)) return { ...unknown, silence: null };
  if (reading.kind === 'silent') return { ...unknown, silence: reading };
  const { state, leavingSince } = reading;
  return { instance, state, leavingSince, silence: null };
}

/** Another start of the container has forgotten all. */
function isOf(reading: ProxyReading, startedAt: number | null): boolean {
  return reading.startedAt === startedAt;
}

function awayProxies(
  { journal }: World,
  { application, service }: ProxyGroup,
  darkHosts: ReadonlySet<string>,
): readonly AwayProxy[] {
  const prefix = `${application}/${service}/`;
  return [...journal.slots].flatMap(([slotKey, { host }]) =>
    slotKey.startsWith(prefix) && darkHosts.has(host) ? [{ slotKey, host }] : [],
  );
}

/** An instance is in the set from its promotion on, while it is well, until it loses its restart policy on its way out, or is
 * to be taken off a network. */
function wantedEndpoint(
  world: World,
  exposures: ReadonlyMap<string, Exposure>,
  instance: Instance,
): readonly WantedEndpoint[] {
  const { identity, container } = instance;
  const exposure = exposures.get(backendOf(identity.application, identity.service));
  if (exposure === undefined || !isIn(instance)) return [];
  if (offNetworks(world, instance).length > 0) return [];
  const port = exposedPort(world, exposure, instance);
  const published = container.published.find(
    ({ target, protocol, hostIp }) =>
      target === port && protocol === 'tcp' && !hostIp.includes(':') && !hostIp.startsWith('127.'),
  );
  const host = world.desired.fleet.hosts.find(({ name }) => name === container.host);
  if (host === undefined || published === undefined) return [];
  const { backend } = exposure;
  const name = serverName(container.host, container);
  const endpoint = { backend, name, address: host.address, port: published.hostPort };
  return [{ instance, exposure, endpoint }];
}

function isIn({ container }: Instance): boolean {
  const { state, health, restart } = container;
  const isWell = health === 'healthy' || health === 'none';
  return state === 'running' && isWell && restart.name !== 'no';
}

/**
 * What runs on a host that cannot be seen most likely serves on, and the proxy's own checks know better: it is kept until the
 * instance that was made in its place is in the set, or somebody has said that the host is down.
 */
function keeping(
  { journal }: World,
  { hosts }: FleetStanding,
  darkHosts: ReadonlySet<string>,
  endpoints: readonly WantedEndpoint[],
): TrafficView['isKept'] {
  const away = hosts.filter(({ awaySince, isFenced }) => awaySince !== null && !isFenced);
  if (away.length === 0) return () => false;
  const awayHosts = new Set<string>(away.map(({ host }) => host));
  const slots = new Map([...journal.instances].map(([id, { slot }]) => [shortId(id), slot]));
  const replaced = new Set(endpoints.map(({ instance }) => instance.slotKey));
  return ({ name }) => {
    const host = hostOfServer(name);
    if (!awayHosts.has(host)) return false;
    const slot = slots.get(idOfServer(name));
    return slot === undefined ? darkHosts.has(host) : !replaced.has(slot);
  };
}
