import type { ContainerSpec, PortSpec } from '../model/container.ts';
import type { PublishedPort, UnmanagedContainer } from '../model/observation.ts';

/** A port of a host that only one container can have. */
export interface HostPort {
  readonly protocol: string;
  readonly hostIp: string;
  readonly port: number;
}

/** The ports that every instance of a container claims on its host; ranges and free ports claim none in particular. */
export function fixedHostPorts(spec: ContainerSpec): readonly HostPort[] {
  return spec.ports.filter(isFixed).map((port) => ({
    protocol: port.protocol,
    hostIp: port.hostIp,
    port: Number(port.published),
  }));
}

function isFixed(port: PortSpec): boolean {
  return /^\d+$/.test(port.published) && port.published !== '0';
}

/** Two claims collide on one protocol and port when their addresses are equal or one of them is "all addresses". */
export function collides(a: HostPort, b: HostPort): boolean {
  const anyAddress = isWildcard(a.hostIp) || isWildcard(b.hostIp);
  return a.protocol === b.protocol && a.port === b.port && (anyAddress || a.hostIp === b.hostIp);
}

function isWildcard(address: string): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}

/** The container that is not ours and holds one of the ports, if there is one. */
export function foreignHolder(
  ports: readonly HostPort[],
  unmanaged: readonly UnmanagedContainer[],
): { readonly container: string; readonly port: HostPort } | null {
  for (const container of unmanaged) {
    const held = container.published.map(toHostPort);
    const port = ports.find((wanted) => held.some((taken) => collides(wanted, taken)));
    if (port !== undefined) return { container: container.name, port };
  }
  return null;
}

function toHostPort(port: PublishedPort): HostPort {
  return { protocol: port.protocol, hostIp: port.hostIp, port: port.hostPort };
}
