import type { NetworkAttachment } from '../../model/container.ts';
import { primaryNetwork } from '../../model/primary-network.ts';
import { present } from '../../model/present.ts';
import {
  child,
  complain,
  complainAtKey,
  isPresent,
  items,
  members,
  readText,
  readTexts,
  type Cursor,
} from '../cursor.ts';
import { isIpAddress } from '../scalars/port.ts';
import type { Subject } from '../subject.ts';
import { ownMode, sharedService } from './namespaces.ts';
import { objectName } from './object-name.ts';
import { readInteger } from './resources.ts';
import { resolveTextMap } from './text-map.ts';

/** The network that a service is attached to when it names none. */
const implicitNetwork = 'default';

const mostPriority = 2 ** 31 - 1;

/** Keys of the networks that a service is attached to, with what it says about each; none with a network mode. */
export function attachedNetworks(service: Cursor): readonly (readonly [string, Cursor])[] {
  if (hasNetworkMode(service)) return [];
  const networks = child(service, 'networks');
  const named = members(networks);
  return named.length === 0 ? [[implicitNetwork, child(networks, implicitNetwork)]] : named;
}

/** The networks of a service, sorted by their name on the engine. Others reach it there by the name of the service. */
export function resolveAttachments(
  subject: Subject,
  name: string,
  service: Cursor,
): readonly NetworkAttachment[] {
  if (hasNetworkMode(service)) return withLinks(resolveMode(service), service);
  const attachments = attachedNetworks(service)
    .map(([key, attachment]) => ({
      network: objectName(subject, 'networks', key),
      aliases: [...new Set([name, ...readTexts(child(attachment, 'aliases'))])].toSorted(),
      ...resolveEndpoint(attachment),
    }))
    .toSorted((a, b) => (a.network < b.network ? -1 : 1));
  return withLinks(withMacAddress(attachments, child(service, 'mac_address')), service);
}

function hasNetworkMode(service: Cursor): boolean {
  return (readText(child(service, 'network_mode')) ?? '') !== '';
}

/** The host's network, the engine's bridge, none, or that of another service: they know no names of services. */
function resolveMode(service: Cursor): readonly NetworkAttachment[] {
  const place = child(service, 'network_mode');
  const shared = sharedService(place);
  const mode = ownMode(place, ['host', 'none', 'bridge'] as const);
  if (mode === 'host' || mode === 'none') refuseReach(service, mode);
  if (shared !== null) refuseReach(service, `service:${shared}`);
  return mode === null || mode === 'none' ? [] : [{ network: mode, aliases: [] }];
}

/** It has no network of its own in which to be reached, or to reach others by names of its own. */
function refuseReach(service: Cursor, mode: string): void {
  refusePorts(service, mode);
  const links = child(service, 'external_links');
  if (items(links).length === 0) return;
  complainAtKey(
    links,
    'conflicting-keys',
    `a service with network_mode: ${mode} cannot have "external_links": they are names in a network of its own`,
    'Remove one of the two',
  );
}

/** Nothing is published there, neither by `ports` nor for the probe of a gate. */
function refusePorts(service: Cursor, mode: string): void {
  const ports = child(service, 'ports');
  const gate = child(service, 'x-fleetwright', 'gate');
  const probes = [child(gate, 'http'), child(gate, 'tcp')];
  for (const place of [...(items(ports).length > 0 ? [ports] : []), ...probes]) {
    if (!isPresent(place)) continue;
    const key = place.path.split('.').at(-1) ?? '';
    complainAtKey(
      place,
      'conflicting-keys',
      `a service with network_mode: ${mode} cannot have "${key}": the engine publishes no port of it`,
      key === 'ports' ? 'Remove ports' : 'Use a healthcheck',
    );
  }
}

function resolveEndpoint(attachment: Cursor): Omit<NetworkAttachment, 'network' | 'aliases'> {
  const name = readText(child(attachment, 'interface_name'));
  const interfaceName = name === null ? {} : { 'com.docker.network.endpoint.ifname': name };
  return present({
    ipv4Address: readAddress(child(attachment, 'ipv4_address'), 4),
    ipv6Address: readAddress(child(attachment, 'ipv6_address'), 6),
    linkLocalIps: readTexts(child(attachment, 'link_local_ips')).toSorted(),
    macAddress: readMacAddress(child(attachment, 'mac_address')),
    driverOptions: { ...resolveTextMap(child(attachment, 'driver_opts')), ...interfaceName },
    gatewayPriority:
      readInteger(child(attachment, 'gw_priority'), -mostPriority, mostPriority) || null,
    priority: readInteger(child(attachment, 'priority'), -mostPriority, mostPriority) || null,
  });
}

function readAddress(cursor: Cursor, family: 4 | 6): string | null {
  const text = readText(cursor);
  const isRight = text !== null && isIpAddress(text) && text.includes(':') === (family === 6);
  if (text === null || isRight) return text;
  complain(cursor, 'invalid-value', `"${text}" is not an IPv${family} address`);
  return null;
}

function readMacAddress(cursor: Cursor): string | null {
  const text = readText(cursor)?.toLowerCase().replaceAll('-', ':') ?? null;
  if (text === null || /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(text)) return text;
  complain(cursor, 'invalid-value', `"${text}" is not a MAC address`);
  return null;
}

/** The service's own address is that of its first network. */
function withMacAddress(
  attachments: readonly NetworkAttachment[],
  cursor: Cursor,
): readonly NetworkAttachment[] {
  const macAddress = readMacAddress(cursor);
  const first = primaryNetwork(attachments);
  if (macAddress === null) return attachments;
  return attachments.map((each) => (each === first ? { macAddress, ...each } : each));
}

/** Links are names in the network that the container is made in. */
function withLinks(
  attachments: readonly NetworkAttachment[],
  service: Cursor,
): readonly NetworkAttachment[] {
  const links = items(child(service, 'external_links')).flatMap((item) => readLink(item) ?? []);
  const first = primaryNetwork(attachments);
  if (links.length === 0) return attachments;
  const sorted = [...new Set(links)].toSorted();
  return attachments.map((each) => (each === first ? { ...each, links: sorted } : each));
}

/** `CONTAINER` or `CONTAINER:ALIAS`. */
function readLink(item: Cursor): string | null {
  const text = readText(item) ?? '';
  const [name = '', alias = name, ...more] = text.split(':');
  if (isContainerName(name) && alias !== '' && more.length === 0) return `${name}:${alias}`;
  const message = `"external_links" must be CONTAINER or CONTAINER:ALIAS, got "${text}"`;
  complain(item, 'invalid-value', message);
  return null;
}

function isContainerName(text: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(text);
}
