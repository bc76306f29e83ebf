import type { Container, Endpoint } from './container.ts';
import type { EngineState, Network } from './engine-state.ts';
import { networkEvent } from './events.ts';

const scopedAlias =
  'network-scoped alias is supported only for containers in user defined networks';

/** Networks that every engine has: no aliases, and nothing can be done to them. */
export function isBuiltIn(name: string): boolean {
  return name === 'bridge' || name === 'host' || name === 'none';
}

export type FoundNetwork =
  | { readonly kind: 'found'; readonly network: Network }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous'; readonly count: number };

/** By id, by name, or by the beginning of an id. A name that two networks bear means neither. */
export function findNetwork(state: EngineState, idOrName: string): FoundNetwork {
  const byId = state.networks.get(idOrName);
  if (byId !== undefined) return { kind: 'found', network: byId };
  const named = [...state.networks.values()].filter(({ name }) => name === idOrName);
  const [network] =
    named.length > 0
      ? named
      : [...state.networks.values()].filter(({ id }) => idOrName !== '' && id.startsWith(idOrName));
  if (network === undefined) return { kind: 'none' };
  if (named.length > 1) return { kind: 'ambiguous', count: named.length };
  return { kind: 'found', network };
}

/** Why a container cannot be attached to its networks; null: it can. */
export function networkRefusal(
  state: EngineState,
  container: Container,
): { readonly status: number; readonly message: string } | null {
  for (const [name, endpoint] of container.endpoints) {
    const found = findNetwork(state, endpoint.networkId || name);
    if (found.kind === 'none') {
      return { status: 404, message: `network ${endpoint.networkId || name} not found` };
    }
    if (found.kind === 'ambiguous') {
      const message = `network ${name} is ambiguous (${found.count} matches found on name)`;
      return { status: 400, message };
    }
    if (isBuiltIn(found.network.name) && (endpoint.aliases ?? []).length > 0) {
      return { status: 400, message: scopedAlias };
    }
  }
  return null;
}

/** Why an endpoint of a network that every engine has takes no aliases, when the request says so. */
export function aliasRefusal(state: EngineState): string {
  return state.apiVersion === '1.41' ? scopedAlias : `invalid endpoint settings:\n${scopedAlias}`;
}

/** At a start: from now on the container holds on to the networks that it found. */
export function attachAll(state: EngineState, container: Container): void {
  for (const [name, endpoint] of container.endpoints) {
    const found = findNetwork(state, endpoint.networkId || name);
    if (found.kind === 'found') attachOne(state, container, endpoint, found.network);
  }
}

export function attachOne(
  state: EngineState,
  container: Container,
  endpoint: Endpoint,
  network: Network,
): void {
  endpoint.networkId = network.id;
  endpoint.hasShortId = !isBuiltIn(network.name);
  if (hasEvents(network.name)) networkEvent(state, network, 'connect', container);
}

/** At an exit. What was attached stays written down. */
export function detachAll(state: EngineState, container: Container): void {
  for (const endpoint of container.endpoints.values()) {
    const network = state.networks.get(endpoint.networkId);
    if (network !== undefined && hasEvents(network.name)) {
      networkEvent(state, network, 'disconnect', container);
    }
  }
}

/** Containers that run in a network, which therefore cannot be removed. */
export function hasRunning(state: EngineState, network: Network): boolean {
  for (const container of state.containers.values()) {
    if (!container.isRunning || container.isRestarting) continue;
    for (const endpoint of container.endpoints.values()) {
      if (endpoint.networkId === network.id) return true;
    }
  }
  return false;
}

function hasEvents(networkName: string): boolean {
  return networkName !== 'host' && networkName !== 'none';
}
