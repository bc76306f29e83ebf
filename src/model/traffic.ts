import type { ContainerId } from './names.ts';
import type { Origin } from './origin.ts';
import type { ProofSpec } from './proof.ts';

/** Where requests come in for a service, as its manifest says: from outside, from within the fleet, or both. */
export interface ExposeSpec {
  /** Of requests from outside. Lower case, without a port; absent: none come in from there. */
  readonly host?: string;
  /** The name that it has within the fleet, lower case; absent: none. */
  readonly internal?: string;
  /** `/` for all, else `/api`: it takes in `/api` and all below it. */
  readonly path: string;
  /** Port in the container. */
  readonly port: number;
  /** How long requests that an instance has are waited for before it is stopped. */
  readonly drainTimeoutMs: number;
  /** Absent: no requests are sent to see whether some are lost. */
  readonly proof?: ProofSpec;
}

/** Where the requests of proxies come from, by the key of `fleet.yaml` that names these: outside, or within the fleet. */
export type ProxyRole = 'ingress' | 'internal';

/** The proxies of one role: the instances of one service, each with its own table of endpoints. */
export interface ProxyGroup {
  readonly role: ProxyRole;
  readonly driver: 'haproxy' | 'caddy';
  readonly application: string;
  readonly service: string;
  /** What hands its standard input to the proxy's own API, and prints the answer; run in its container. */
  readonly command: readonly string[];
  /** Path of the map file in the container of HAProxy; Caddy has none. */
  readonly routes: string;
  readonly origin: Origin;
}

/** Where one instance takes requests, as a proxy is told of it. */
export interface TrafficEndpoint {
  /** The group of servers that requests are shared among: see backendOf(). */
  readonly backend: string;
  /** Names one container of one host: see serverName(). */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** What changes at one proxy. Each may be made again. */
export type TrafficChange =
  /** It may be given requests. */
  | { readonly kind: 'admit-endpoint'; readonly endpoint: TrafficEndpoint }
  /** It is given no new ones, and answers those that it has. */
  | { readonly kind: 'withdraw-endpoint'; readonly endpoint: TrafficEndpoint }
  /** It is forgotten. */
  | { readonly kind: 'remove-endpoint'; readonly endpoint: TrafficEndpoint }
  | {
      readonly kind: 'route-requests';
      readonly key: string;
      /** null: to none any more. */
      readonly backend: string | null;
      /** The proxy has no such key yet. */
      readonly isNew: boolean;
    };

/** An endpoint as a proxy has it. */
export interface ProxyServer extends TrafficEndpoint {
  /** It may be given new requests. */
  readonly isReady: boolean;
  /** Requests that it has, or that wait for it. */
  readonly sessions: number;
  /** Requests that it was given since the proxy counts; null or absent: the proxy does not tell. */
  readonly requests?: number | null;
}

/** What a proxy says of itself. */
export interface ProxyState {
  readonly backends: readonly string[];
  readonly servers: readonly ProxyServer[];
  /** Backends by key: see routeKey(). */
  readonly routes: Readonly<Record<string, string>>;
}

/** The last that was heard of a proxy. Kept in memory: losing it only makes the operator ask again. */
export type ProxyReading =
  | {
      readonly kind: 'read';
      /** The start of the container that this is about; another start begins without endpoints. */
      readonly startedAt: number;
      readonly state: ProxyState;
      /** By the name of the server, since when it has been given no new requests (our clock). */
      readonly leavingSince: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: 'silent';
      readonly startedAt: number;
      /** When it was found so first (our clock). */
      readonly since: number;
      readonly reason: string;
    };

export type TrafficMap = ReadonlyMap<ContainerId, ProxyReading>;

/** Neither name has a colon, so no two services have the same. */
export function backendOf(application: string, service: string): string {
  return `${application}:${service}`;
}

/** What a service is asked for by through proxies of a role; undefined: they have no requests for it. */
export function hostBehind({ host, internal }: ExposeSpec, role: ProxyRole): string | undefined {
  return role === 'ingress' ? host : internal;
}

/** What a request is looked up by: a key is a prefix of the request's host and path with a slash after it. */
export function routeKey(host: string, path: string): string {
  return path === '/' ? `${host}/` : `${host}${path}/`;
}

/** Of the 64 digits of an id, those that the engine's own commands show. */
const idPattern = /^[0-9a-f]{64}$/;
const shownDigits = 12;

/** It tells the host too: what runs on one that cannot be seen is left where it is. */
export function serverName(host: string, container: { id: ContainerId; name: string }): string {
  return `${host}:${container.name}:${shortId(container.id)}`;
}

/** What is only planned has no such id, and all of it is taken. */
export function shortId(id: ContainerId): string {
  return idPattern.test(id) ? id.slice(0, shownDigits) : id;
}

export function idOfServer(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

export function hostOfServer(name: string): string {
  return name.slice(0, name.indexOf(':'));
}
