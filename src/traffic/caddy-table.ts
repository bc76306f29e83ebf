import type { TrafficChange, TrafficEndpoint } from '../model/traffic.ts';

/** What a Caddy has been told. */
export interface CaddyTable {
  /** The route of each service, as the configuration of the proxy brings it, by the name of the backend. In their order. */
  readonly backends: ReadonlyMap<string, CaddyObject>;
  /** Who is given requests. */
  readonly servers: readonly TrafficEndpoint[];
  /** Who is given none any more, and has its requests counted. */
  readonly leaving: readonly TrafficEndpoint[];
  /** Backends by key: see routeKey(). */
  readonly routes: Readonly<Record<string, string>>;
}

export type CaddyObject = Readonly<Record<string, unknown>>;

/** What is made already is left as it is; so is what is for a backend that there is not. */
export function tableAfter(table: CaddyTable, change: TrafficChange): CaddyTable {
  if (change.kind === 'route-requests') {
    const { [change.key]: _before, ...others } = table.routes;
    const { key, backend } = change;
    return { ...table, routes: backend === null ? others : { ...others, [key]: backend } };
  }
  const { endpoint } = change;
  const isOther = (one: TrafficEndpoint): boolean => idOf(one) !== idOf(endpoint);
  const servers = table.servers.filter(isOther);
  const leaving = table.leaving.filter(isOther);
  switch (change.kind) {
    case 'admit-endpoint':
      if (!table.backends.has(endpoint.backend)) return table;
      return { ...table, leaving, servers: withOne(table.servers, endpoint) };
    case 'withdraw-endpoint':
      if (servers.length === table.servers.length) return table;
      return { ...table, servers, leaving: [...leaving, endpoint] };
    case 'remove-endpoint':
      return { ...table, servers, leaving };
  }
}

/** One that is there stays in its place. */
function withOne(
  servers: readonly TrafficEndpoint[],
  endpoint: TrafficEndpoint,
): readonly TrafficEndpoint[] {
  const isThere = servers.some((one) => idOf(one) === idOf(endpoint));
  if (!isThere) return [...servers, endpoint];
  return servers.map((one) => (idOf(one) === idOf(endpoint) ? endpoint : one));
}

export function idOf({ backend, name }: TrafficEndpoint): string {
  return `${backend}/${name}`;
}

const longestWord = 1_000;

/**
 * Whether what a change names means to Caddy what it says: nothing in it is a pattern or a placeholder. Manifests hold no
 * others; but names of containers are what an engine says.
 */
export function canBeTold(change: TrafficChange): boolean {
  return wordsOf(change).every((word) => {
    return word.length <= longestWord && /^[\w.:~/-]+$/.test(word);
  });
}

function wordsOf(change: TrafficChange): readonly string[] {
  if (change.kind === 'route-requests') return [change.key, change.backend ?? change.key];
  const { backend, name, address } = change.endpoint;
  return [backend, name, address];
}
