import { isDeepStrictEqual } from 'node:util';

import { groupBy } from '../model/group-by.ts';
import type { TrafficEndpoint } from '../model/traffic.ts';
import { objectsIn, textOf } from './caddy-json.ts';
import { idOf, type CaddyObject, type CaddyTable } from './caddy-table.ts';

/** The id of the subroute whose routes are the table. Ids within have a slash; names of backends have none. */
export const subrouteId = 'fleetwright';

/** While this file is there, no connection is kept after its answer. */
export const closingFile = '/tmp/fleetwright-closing';

const leavingId = `${subrouteId}/leaving`;
const keyPrefix = `${subrouteId}/to/`;
/** The variable of a request that names its backend. */
const chosen = '{http.vars.fleetwright}';

/** @returns null when they are no routes */
export function readRoutes(value: unknown): CaddyTable | null {
  if (!Array.isArray(value)) return null;
  const routes = objectsIn(value);
  const backends = routes.flatMap((route) => {
    const name = textOf(route['@id']);
    return isBackend(name, route) ? [[name, route] as const] : [];
  });
  const left = routes.filter((route) => route['@id'] === leavingId);
  return {
    backends: new Map(backends),
    servers: backends.flatMap(([name, route]) => serversOf(route, name)),
    leaving: left.flatMap((route) => serversOf(route, '')),
    routes: Object.fromEntries(routes.flatMap(readKey)),
  };
}

/** Elsewhere in it no upstream can be filled in, and of two nobody could tell which is for the instances. */
function isBackend(name: string, route: CaddyObject): boolean {
  return /^[^/:]+:[^/:]+$/.test(name) && proxiesIn(route).length === 1;
}

function proxiesIn(route: CaddyObject): readonly CaddyObject[] {
  return objectsIn(route['handle']).filter(isProxy);
}

function isProxy(handler: CaddyObject): boolean {
  return handler['handler'] === 'reverse_proxy';
}

/** Which key leads where; one that somebody has changed leads nowhere, and is told again. */
function readKey(route: CaddyObject): readonly (readonly [string, string])[] {
  const id = textOf(route['@id']);
  if (!id.startsWith(keyPrefix)) return [];
  const key = id.slice(keyPrefix.length);
  const [handler] = objectsIn(route['handle']);
  const backend = textOf(handler?.[subrouteId]);
  return isDeepStrictEqual(route, keyRoute(key, backend)) ? [[key, backend]] : [];
}

function serversOf(route: CaddyObject, backend: string): readonly TrafficEndpoint[] {
  const upstreams = proxiesIn(route).flatMap((one) => objectsIn(one['upstreams']));
  return upstreams.map((upstream) => readServer(upstream, backend));
}

/** One without an id was not told by us: its name is its address. */
function readServer(upstream: CaddyObject, backend: string): TrafficEndpoint {
  const [id, dial] = [textOf(upstream['@id']), textOf(upstream['dial'])];
  const slash = id.indexOf('/');
  const colon = dial.lastIndexOf(':');
  return {
    backend: slash < 0 ? backend : id.slice(0, slash),
    name: slash < 0 ? dial : id.slice(slash + 1),
    address: dial.slice(0, Math.max(colon, 0)).replaceAll(/[[\]]/g, ''),
    port: Number(dial.slice(colon + 1)),
  };
}

/** The routes that say what a table says. A longer key comes before a shorter one that is its beginning. */
export function writeRoutes(table: CaddyTable): readonly CaddyObject[] {
  const keys = Object.entries(table.routes).toSorted(
    ([one], [other]) => other.length - one.length || (one < other ? -1 : 1),
  );
  const servers = groupBy(table.servers, ({ backend }) => backend);
  return [
    closingRoute,
    ...keys.map(([key, backend]) => keyRoute(key, backend)),
    ...[...table.backends].map(([name, route]) => backendRoute(name, route, servers.get(name))),
    leavingRoute(table),
  ];
}

/** What switches to another protocol is kept: it is no connection for another request. */
const closingRoute: CaddyObject = {
  '@id': `${subrouteId}/closing`,
  match: [
    {
      file: { root: '/tmp', try_files: [closingFile.slice('/tmp'.length)] },
      not: [{ header: { Upgrade: ['*'] } }],
    },
  ],
  handle: [{ handler: 'headers', response: { set: { Connection: ['close'] } } }],
};

function keyRoute(key: string, backend: string): CaddyObject {
  const host = key.slice(0, key.indexOf('/'));
  const path = key.slice(host.length, -1);
  const pattern = `^${path.replaceAll('.', String.raw`\.`)}(/|$)`;
  return {
    '@id': `${keyPrefix}${key}`,
    group: subrouteId,
    match: [path === '' ? { host: [host] } : { host: [host], path_regexp: { pattern } }],
    handle: [{ handler: 'vars', [subrouteId]: backend }],
  };
}

/** Everything else of it is what the configuration of the proxy says. */
function backendRoute(
  name: string,
  route: CaddyObject,
  servers: readonly TrafficEndpoint[] = [],
): CaddyObject {
  const upstreams = servers.map(upstreamOf);
  const handle = objectsIn(route['handle']).map((one) =>
    isProxy(one) ? { ...one, upstreams } : one,
  );
  return { ...route, match: [{ vars: { [chosen]: [name] } }], terminal: true, handle };
}

/** It is for no request: Caddy counts those of an upstream as long as its configuration has that somewhere. */
function leavingRoute({ leaving }: CaddyTable): CaddyObject {
  return {
    '@id': leavingId,
    match: [{ vars: { [chosen]: [leavingId] } }],
    handle: [{ handler: 'reverse_proxy', upstreams: leaving.map(upstreamOf) }],
  };
}

function upstreamOf(endpoint: TrafficEndpoint): CaddyObject {
  return { '@id': idOf(endpoint), dial: dialOf(endpoint) };
}

/** Where an endpoint is, as Caddy writes it. */
export function dialOf({ address, port }: TrafficEndpoint): string {
  if (address === '') return String(port);
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
