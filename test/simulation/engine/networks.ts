import type { ApiResponse, Pending } from './api.ts';
import { created, noContent, ok, pending, refusal } from './api.ts';
import { bareName, shortId } from './container.ts';
import type { Actor, Container, Endpoint } from './container.ts';
import type { FoundNetwork } from './endpoints.ts';
import { aliasRefusal, attachOne, findNetwork, hasRunning, isBuiltIn } from './endpoints.ts';
import type { EngineState, Network } from './engine-state.ts';
import { between, changed, later, mutated, newId, stamp } from './engine-state.ts';
import { networkEvent } from './events.ts';
import { findContainer, noSuchContainer } from './find-container.ts';

const drivers = ['bridge', 'macvlan', 'ipvlan', 'overlay', 'host', 'null'];

interface CreateNetworkBody {
  readonly Name?: string;
  readonly Driver?: string;
  readonly CheckDuplicate?: boolean;
  readonly Internal?: boolean;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Options?: Readonly<Record<string, string>>;
}

/** Before API 1.44 a second network of the same name is refused only if the client asks for that. */
export function createNetwork(state: EngineState, body: CreateNetworkBody): ApiResponse | Pending {
  const { Name: name = '', Driver = '', CheckDuplicate = false } = body;
  const driver = Driver || 'bridge';
  if (name.trim() === '') return refusal(500, `invalid name: ${name}`);
  if (isBuiltIn(name)) {
    return refusal(403, `operation is not permitted on predefined ${name} network `);
  }
  if (!drivers.includes(driver)) return refusal(404, `plugin "${driver}" not found`);
  return pending((reply) => {
    later(state, between(state, state.timing.network), () => {
      const holder = [...state.networks.values()].find((network) => network.name === name);
      if (holder !== undefined && (CheckDuplicate || state.apiVersion !== '1.41')) {
        return reply(refusal(409, `network with name ${name} already exists`));
      }
      if (state.diskFull) return reply(refusal(500, noSpace('network/files/local-kv.db')));
      const network: Network = {
        id: newId(state),
        name,
        driver,
        internal: body.Internal === true,
        createdAt: state.clock.now(),
        labels: body.Labels ?? {},
        options: body.Options ?? {},
      };
      state.networks.set(network.id, network);
      networkEvent(state, network, 'create');
      mutated(state, `create network ${name}`);
      const Warning =
        holder === undefined ? '' : `Network with name ${name} (id : ${holder.id}) already exists`;
      return reply(created({ Id: network.id, Warning }));
    });
    return null;
  });
}

export function listNetworks(state: EngineState, filters: string | undefined): ApiResponse {
  const { name: names = [] } = JSON.parse(filters ?? '{}') as { readonly name?: readonly string[] };
  const networks = [...state.networks.values()].filter(
    (network) => names.length === 0 || names.some((part) => network.name.includes(part)),
  );
  return ok(networks.map((network) => wireNetwork(state, network)));
}

export function inspectNetwork(state: EngineState, idOrName: string): ApiResponse {
  return withNetwork(state, idOrName, (network) => ok(wireNetwork(state, network)));
}

export function removeNetwork(state: EngineState, idOrName: string): ApiResponse {
  return withNetwork(state, idOrName, (network) => {
    const { id, name } = network;
    if (isBuiltIn(name)) {
      return refusal(403, `${name} is a pre-defined network and cannot be removed`);
    }
    if (hasRunning(state, network)) {
      const message = `error while removing network: network ${name} id ${id} has active endpoints`;
      return refusal(403, message);
    }
    state.networks.delete(id);
    networkEvent(state, network, 'destroy');
    mutated(state, `remove network ${name}`);
    return noContent;
  });
}

interface ConnectBody {
  readonly Container?: string;
  readonly EndpointConfig?: {
    readonly Aliases?: readonly string[] | null;
    readonly Links?: readonly string[] | null;
  } | null;
}

/** A container that does not run takes any name, as at its create; it fails at the start. */
export function connectNetwork(
  state: EngineState,
  idOrName: string,
  body: ConnectBody,
  by: Actor,
): ApiResponse {
  const container = findContainer(state, body.Container ?? '');
  if (container === null) return noSuchContainer(body.Container ?? '');
  const found = findNetwork(state, idOrName);
  const runs = container.isRunning && !container.isRestarting;
  if (found.kind !== 'found' && runs) return networkRefusalOf(idOrName, found);
  const name = found.kind === 'found' ? found.network.name : idOrName;
  const mode = container.hostConfig.NetworkMode;
  if (runs && mode === 'host') {
    const message =
      'container sharing network namespace with another container or host cannot be connected to any other network';
    return refusal(400, message);
  }
  if (runs && (mode === 'none' || name === 'none')) {
    const message =
      'container cannot be connected to multiple networks with one of the networks in private (none) mode';
    return refusal(400, message);
  }
  const former = container.endpoints.get(name);
  if (runs && former !== undefined) {
    const message = `endpoint with name ${container.name} already exists in network ${name}`;
    return refusal(403, message);
  }
  const aliases = body.EndpointConfig?.Aliases ?? null;
  if (isBuiltIn(name) && (aliases ?? []).length > 0) {
    return refusal(400, aliasRefusal(state));
  }
  const links = body.EndpointConfig?.Links ?? null;
  const endpoint = { aliases, links, hasShortId: !isBuiltIn(name), networkId: '' };
  container.endpoints.set(name, endpoint);
  changed(state);
  if (runs && found.kind === 'found') attachOne(state, container, endpoint, found.network);
  if (by === 'api') mutated(state, `connect ${container.name} to ${name}`);
  return { status: 200, body: null };
}

export function disconnectNetwork(
  state: EngineState,
  idOrName: string,
  body: { readonly Container?: string },
  by: Actor,
): ApiResponse {
  const container = findContainer(state, body.Container ?? '');
  if (container === null) return noSuchContainer(body.Container ?? '');
  const found = findNetwork(state, idOrName);
  const runs = container.isRunning && !container.isRestarting;
  if (found.kind !== 'found' && runs) return networkRefusalOf(idOrName, found);
  const name = found.kind === 'found' ? found.network.name : idOrName;
  if (!container.endpoints.delete(name)) {
    const what = runs ? 'network' : 'the network';
    return refusal(500, `container ${container.id} is not connected to ${what} ${name}`);
  }
  if (found.kind === 'found') networkEvent(state, found.network, 'disconnect', container);
  else changed(state);
  if (by === 'api') mutated(state, `disconnect ${container.name} from ${name}`);
  return { status: 200, body: null };
}

/** `Networks` of a container: the aliases with what the engine adds to them. */
export function wireEndpoints(state: EngineState, container: Container): Record<string, object> {
  const isUp = container.isRunning && !container.isRestarting;
  let index = 2;
  const entries = [...container.endpoints].map(([name, endpoint]) => {
    const own = endpoint.hasShortId && state.apiVersion === '1.41' ? [shortId(container.id)] : [];
    const aliases = [...(endpoint.aliases ?? []), ...own];
    const wire = {
      Aliases: aliases.length === 0 && endpoint.aliases === null ? null : aliases,
      Links: endpoint.links,
      NetworkID: endpoint.networkId,
      IPAddress: isUp && name !== 'host' && name !== 'none' ? `10.128.0.${(index += 1)}` : '',
      ...(state.apiVersion === '1.41' ? {} : { DNSNames: dnsNames(container, endpoint) }),
    };
    return [name, wire] as const;
  });
  return Object.fromEntries(entries);
}

/** Under these it is found in a network; null: before it is attached, and where nobody is found by name. */
function dnsNames(container: Container, endpoint: Endpoint): readonly string[] | null {
  if (!endpoint.hasShortId || endpoint.networkId === '') return null;
  return [bareName(container.name), ...(endpoint.aliases ?? []), shortId(container.id)];
}

function withNetwork(
  state: EngineState,
  idOrName: string,
  then: (network: Network) => ApiResponse,
): ApiResponse {
  const found = findNetwork(state, idOrName);
  return found.kind === 'found' ? then(found.network) : networkRefusalOf(idOrName, found);
}

function networkRefusalOf(
  idOrName: string,
  found: Exclude<FoundNetwork, { readonly kind: 'found' }>,
): ApiResponse {
  if (found.kind === 'none') return refusal(404, `network ${idOrName} not found`);
  const message = `network ${idOrName} is ambiguous (${found.count} matches found based on name)`;
  return refusal(400, message);
}

function wireNetwork(state: EngineState, network: Network): object {
  const { id, name, driver, internal, labels, options, createdAt } = network;
  return {
    Name: name,
    Id: id,
    Created: stamp(state, createdAt),
    Scope: 'local',
    Driver: driver,
    Internal: internal,
    Options: options,
    Labels: labels,
  };
}

function noSpace(path: string): string {
  return `write /var/lib/docker/${path}: no space left on device`;
}
