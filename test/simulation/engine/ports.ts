import type { ContainerConfig, HostConfig, OpenPort } from './container.ts';

const firstFree = 32_768;
const lastFree = 60_999;

export type PortClaim =
  | { readonly kind: 'taken'; readonly hostPort: number }
  | { readonly kind: 'refused'; readonly message: string };

interface Held {
  readonly protocol: string;
  readonly hostIp: string;
  readonly hostPort: number;
}

/** The ports that are open on a host. Free ports and those of a range are given out in turn, as the engine does. */
export class PortTable {
  readonly #held: Held[] = [];
  /** By address, protocol and range: the one that was given out last. */
  readonly #last = new Map<string, number>();

  /** Opens one port: `8080`, one of a range `8000-8010`, or any free one when empty or `0`. */
  open(protocol: string, hostIp: string, published: string): PortClaim {
    const [first = '', end = first] = published.split('-');
    if (published === '' || published === '0') {
      return this.#next(protocol, hostIp, firstFree, lastFree);
    }
    if (first !== end) return this.#next(protocol, hostIp, Number(first), Number(end));
    const hostPort = Number(first);
    const conflict = this.#conflict(protocol, hostIp, hostPort);
    if (conflict !== null) return { kind: 'refused', message: conflict };
    return this.#take(protocol, hostIp, hostPort);
  }

  close(port: Pick<OpenPort, 'protocol' | 'hostIp' | 'hostPort'>): void {
    const index = this.#held.findIndex(
      (held) =>
        held.hostPort === port.hostPort &&
        held.protocol === port.protocol &&
        held.hostIp === port.hostIp,
    );
    if (index >= 0) this.#held.splice(index, 1);
  }

  #next(protocol: string, hostIp: string, first: number, end: number): PortClaim {
    const key = `${hostIp}/${protocol}/${first}-${end}`;
    const count = end - first + 1;
    const last = this.#last.get(key) ?? end;
    for (let step = 1; step <= count; step += 1) {
      const hostPort = first + ((last - first + step) % count);
      if (this.#conflict(protocol, hostIp, hostPort) !== null) continue;
      this.#last.set(key, hostPort);
      return this.#take(protocol, hostIp, hostPort);
    }
    return { kind: 'refused', message: 'all ports are allocated' };
  }

  #take(protocol: string, hostIp: string, hostPort: number): PortClaim {
    this.#held.push({ protocol, hostIp, hostPort });
    return { kind: 'taken', hostPort };
  }

  /** The allocator knows one address from another; the listening socket of the proxy does not get past a wildcard. */
  #conflict(protocol: string, hostIp: string, hostPort: number): string | null {
    for (const held of this.#held) {
      if (held.hostPort !== hostPort || held.protocol !== protocol) continue;
      if (held.hostIp === hostIp) {
        return `Bind for ${hostIp}:${hostPort} failed: port is already allocated`;
      }
      if (held.hostIp === '0.0.0.0' || hostIp === '0.0.0.0') {
        return `Error starting userland proxy: listen ${protocol}4 ${hostIp}:${hostPort}: bind: address already in use`;
      }
    }
    return null;
  }
}

/** Opens the ports of a container, all or none. Only what is also exposed is published, and nothing is said of the rest. */
export function openPorts(
  table: PortTable,
  config: ContainerConfig,
  hostConfig: HostConfig,
): { readonly open: readonly OpenPort[]; readonly refused: string | null } {
  const open: OpenPort[] = [];
  for (const [key, bindings] of Object.entries(hostConfig.PortBindings ?? {})) {
    if (config.ExposedPorts?.[key] === undefined) continue;
    const protocol = key.split('/')[1] ?? 'tcp';
    for (const binding of bindings ?? []) {
      const hostIp = binding.HostIp || '0.0.0.0';
      const claim = table.open(protocol, hostIp, binding.HostPort ?? '');
      if (claim.kind === 'refused') {
        for (const port of open) table.close(port);
        return { open: [], refused: claim.message };
      }
      open.push({ key, protocol, hostIp, hostPort: claim.hostPort });
    }
  }
  return { open, refused: null };
}
