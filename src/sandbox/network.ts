import { readdirSync, rmdirSync } from 'node:fs';

import { findCommand, run } from './command.ts';
import type { HostLayout, SandboxLayout } from './layout.ts';
import type { AddressRange, Subnet } from './subnet.ts';
import { chooseSubnet, gatewayAddress, parseRange } from './subnet.ts';

/** Where iproute2 keeps named network namespaces. */
const netnsFolder = '/var/run/netns';

export function netnsPath(host: HostLayout): string {
  return `${netnsFolder}/${host.netns}`;
}

/** Makes the bridge of a fleet in the root network namespace, on a network that nothing on this machine uses. */
export async function createLan(layout: SandboxLayout, signal?: AbortSignal): Promise<Subnet> {
  const subnet = chooseSubnet(layout.id, await rangesInUse());
  const { bridge } = layout;
  await run('ip', ['link', 'add', bridge, 'type', 'bridge'], { signal });
  await run('ip', ['addr', 'add', `${gatewayAddress(subnet)}/24`, 'dev', bridge], { signal });
  await run('ip', ['link', 'set', bridge, 'up'], { signal });
  return subnet;
}

/**
 * Makes the network namespace of a host and its cable to the bridge. It gets no default route: pulling from the outside
 * fails at once instead of hanging.
 */
export async function createHostNetwork(
  layout: SandboxLayout,
  host: HostLayout,
  address: string,
  signal?: AbortSignal,
): Promise<void> {
  const { netns, link } = host;
  await addNamespace(netns, signal);
  const card = ['name', 'eth0', 'address', hardwareAddress(address), 'netns', netns];
  const cable = ['type', 'veth', 'peer', ...card];
  await run('ip', ['link', 'add', link, ...cable], { signal });
  await run('ip', ['-n', netns, 'addr', 'add', `${address}/24`, 'dev', 'eth0'], { signal });
  await run('ip', ['-n', netns, 'link', 'set', 'eth0', 'up'], { signal });
  await run('ip', ['-n', netns, 'link', 'set', 'lo', 'up'], { signal });
  await run('ip', ['link', 'set', link, 'master', layout.bridge, 'up'], { signal });
}

/**
 * A host keeps its network card over a boot. With another hardware address the neighbours would go on for half a minute to
 * send to the one that is gone.
 */
export function hardwareAddress(address: string): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '00', ...octets].join(':');
}

/** Tries twice: another fleet that goes down at this moment may take the folder away between two calls of ours. */
async function addNamespace(netns: string, signal?: AbortSignal): Promise<void> {
  try {
    await run('ip', ['netns', 'add', netns], { signal });
  } catch {
    await runQuietly(['netns', 'del', netns]);
    await run('ip', ['netns', 'add', netns], { signal });
  }
}

/** Unplugs or plugs in a host's cable: packets vanish without an error, as they do in a network that is split. */
export async function setCable(host: HostLayout, state: 'up' | 'down'): Promise<void> {
  await run('ip', ['link', 'set', host.link, state]);
}

/** Removes the network of one host, or of a whole fleet when `host` is null. What is not there is no error. */
export async function removeNetwork(layout: SandboxLayout, host: HostLayout | null): Promise<void> {
  const { links, namespaces } = await networkLeftovers(layout);
  const isMeant = (name: string): boolean =>
    host === null || name === host.link || name === host.netns;
  // Links first: a namespace that is deleted gives its links back to nobody, but only after a while.
  for (const link of links.filter(isMeant)) await runQuietly(['link', 'del', link]);
  for (const netns of namespaces.filter(isMeant)) await runQuietly(['netns', 'del', netns]);
  if (host === null) await removeNetnsFolder();
}

/** Links in the root namespace and named namespaces that belong to a fleet. */
export async function networkLeftovers(
  layout: SandboxLayout,
): Promise<{ readonly links: readonly string[]; readonly namespaces: readonly string[] }> {
  // Without iproute2 no fleet can ever have been here.
  if (findCommand('ip') === null) return { links: [], namespaces: [] };
  const links = await listJson<{ readonly ifname: string }>(['link', 'show']);
  return {
    links: links
      .map((link) => link.ifname)
      .filter((name) => name === layout.id || name.startsWith(`${layout.id}h`)),
    namespaces: namedNamespaces().filter((name) => name.startsWith(`${layout.id}-`)),
  };
}

/**
 * `ip netns add` mounts the folder on itself when it is the first to use it, and never undoes that. Without namespaces
 * in it, it serves nobody.
 */
async function removeNetnsFolder(): Promise<void> {
  if (namedNamespaces().length > 0) return;
  try {
    await run('umount', [netnsFolder]);
    rmdirSync(netnsFolder);
  } catch {
    // It was not there, or somebody took it into use just now.
  }
}

function namedNamespaces(): readonly string[] {
  try {
    return readdirSync(netnsFolder);
  } catch {
    return [];
  }
}

async function rangesInUse(): Promise<readonly AddressRange[]> {
  const addresses = await listJson<{
    readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
  }>(['-4', 'addr', 'show']);
  const routes = await listJson<{ readonly dst?: string }>(['-4', 'route', 'show', 'table', 'all']);
  return [
    ...addresses.flatMap((link) => link.addr_info ?? []).map((a) => `${a.local}/${a.prefixlen}`),
    ...routes.map((route) => route.dst ?? ''),
  ]
    .map(parseRange)
    .filter((range) => range !== null);
}

async function listJson<T>(args: readonly string[]): Promise<readonly T[]> {
  const text = await run('ip', ['-j', ...args]);
  return JSON.parse(text.trim() || '[]') as readonly T[];
}

async function runQuietly(args: readonly string[]): Promise<void> {
  try {
    await run('ip', args);
  } catch {
    // Gone already, as the other end of a cable is; whoever needs it gone asks `networkLeftovers`.
  }
}
