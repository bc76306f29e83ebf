import type { NetworkSpec } from './application.ts';
import type { ContainerSpec, MountSpec, NetworkAttachment } from './container.ts';
import { primaryNetwork } from './primary-network.ts';
import { apiAtLeast } from './api-at-least.ts';

/** A key that not every engine we speak to knows. */
interface NeededVersion<T> {
  /** As the manifest writes it, below the service or the network. */
  readonly key: string;
  readonly apiVersion: string;
  /** The release of Docker that brought it. */
  readonly docker: string;
  readonly isUsed: (spec: T) => boolean;
}

const interfaceName = 'com.docker.network.endpoint.ifname';

const onContainers: readonly NeededVersion<ContainerSpec>[] = [
  {
    key: 'annotations',
    apiVersion: '1.43',
    docker: '24.0',
    isUsed: ({ annotations }) => annotations !== undefined,
  },
  {
    key: 'healthcheck.start_interval',
    apiVersion: '1.44',
    docker: '25.0',
    isUsed: ({ healthcheck }) => (healthcheck?.startIntervalMs ?? null) !== null,
  },
  {
    key: 'networks.mac_address',
    apiVersion: '1.44',
    docker: '25.0',
    // Before that, a container has one, on its first network.
    isUsed: ({ networks }) => {
      const first = primaryNetwork(networks);
      return networks.some((each) => each.macAddress !== undefined && each !== first);
    },
  },
  {
    key: 'volumes.bind.recursive',
    apiVersion: '1.44',
    docker: '25.0',
    isUsed: someMount(isRecursivelyReadOnly),
  },
  {
    key: 'volumes.volume.subpath',
    apiVersion: '1.45',
    docker: '26.0',
    isUsed: someMount((mount) => mount.type === 'volume' && mount.subpath !== undefined),
  },
  {
    key: 'networks.gw_priority',
    apiVersion: '1.48',
    docker: '28.0',
    isUsed: someNetwork(({ gatewayPriority }) => gatewayPriority !== undefined),
  },
  {
    key: 'volumes.type: image',
    apiVersion: '1.48',
    docker: '28.0',
    isUsed: someMount((mount) => mount.type === 'image'),
  },
  {
    key: 'networks.interface_name',
    apiVersion: '1.49',
    docker: '28.1',
    isUsed: someNetwork(({ driverOptions = {} }) => Object.hasOwn(driverOptions, interfaceName)),
  },
];

const onNetworks: readonly NeededVersion<NetworkSpec>[] = [
  {
    key: 'enable_ipv4',
    apiVersion: '1.47',
    docker: '27.4',
    isUsed: ({ enableIpv4 }) => enableIpv4 !== undefined,
  },
];

/** Why an engine is too old for a container, with all that it lacks; null: it is not. */
export function containerRefusal(
  spec: ContainerSpec,
  host: string,
  apiVersion: string,
): string | null {
  return refusal(onContainers, spec, host, apiVersion);
}

/** Why an engine is too old for a network; null: it is not. */
export function networkRefusal(
  network: NetworkSpec,
  host: string,
  apiVersion: string,
): string | null {
  return refusal(onNetworks, network, host, apiVersion);
}

function refusal<T>(
  table: readonly NeededVersion<T>[],
  spec: T,
  host: string,
  apiVersion: string,
): string | null {
  const lacking = table.filter(
    (row) => row.isUsed(spec) && !apiAtLeast(apiVersion, row.apiVersion),
  );
  if (lacking.length === 0) return null;
  const keys = lacking.map(
    (row) => `"${row.key}" needs Engine API ${row.apiVersion} (Docker ${row.docker})`,
  );
  return `host "${host}" speaks Engine API ${apiVersion}, and ${keys.join(', ')}: update Docker there, place the service elsewhere, or remove the key`;
}

/** To leave out what is mounted below is older than to say whether it is read-only. */
function isRecursivelyReadOnly(mount: MountSpec): boolean {
  return mount.type === 'bind' && ['readonly', 'writable'].includes(mount.recursive ?? '');
}

function someMount(holds: (mount: MountSpec) => boolean): (spec: ContainerSpec) => boolean {
  return ({ mounts }) => mounts.some(holds);
}

function someNetwork(
  holds: (network: NetworkAttachment) => boolean,
): (spec: ContainerSpec) => boolean {
  return ({ networks }) => networks.some(holds);
}
