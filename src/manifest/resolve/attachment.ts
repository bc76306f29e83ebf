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
  if (hasNetworkMode(service)) return resolveMode(service);
  const attachments = attachedNetworks(service)
    .map(([key, attachment]) => ({
      network: objectName(subject, 'networks', key),
      aliases: [...new Set([name, ...readTexts(child(attachment, 'aliases'))])].toSorted(),
      ...resolveEndpoint(attachment),
    }))
    .toSorted((a, b) => (a.network < b.network ? -1 : 1));
  return withMacAddress(attachments, child(service, 'mac_address'));
}

function hasNetworkMode(service: Cursor): boolean {
  return (readText(child(service, 'network_mode')) ?? '') !== '';
}

/** The host's network, the engine's bridge, none, or that of another service: they know no names of services. */
function resolveMode(service: Cursor): readonly NetworkAttachment[] {
  const place = child(service, 'network_mode');
  const shared = sharedService(place);
  const mode = ownMode(place, ['host', 'none', 'bridge'] as const);
  if (mode === 'host' || mode === 'none') refusePorts(service, mode);
  if (shared !== null) refusePorts(service, `service:${shared}`);
  return mode === null || mode === 'none' ? [] : [{ network: mode, aliases: [] }];
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
