import type { ContainerSpec } from './container.ts';

/**
 * The port in the container of a proxy at which HTTP comes in: the only TCP port that can be reached from elsewhere, or of
 * several the one that is published as 80; what is published as 443 speaks TLS. Null: it cannot be told.
 */
export function entrancePort({ ports }: Pick<ContainerSpec, 'ports'>): number | null {
  const open = ports.filter(
    ({ protocol, hostIp, published }) =>
      protocol === 'tcp' && isReachable(hostIp) && published !== '443',
  );
  const [first, ...others] = new Set(open.map(({ target }) => target));
  if (first === undefined) return null;
  if (others.length === 0) return first;
  return open.find(({ published }) => published === '80')?.target ?? null;
}

/** Not the loopback of its host, and not IPv6 alone: by what its host is reached may be neither. */
export function isReachable(hostIp: string): boolean {
  return !hostIp.startsWith('127.') && !hostIp.includes(':');
}
