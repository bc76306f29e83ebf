import type { NetworkAttachment } from './container.ts';
import { digestOf } from './digest.ts';

const settings = ['ipv4Address', 'ipv6Address', 'linkLocalIps', 'gatewayPriority'] as const;

/**
 * What of an attachment is not as it is asked for: aliases that are missing or too many, and settings with another value.
 * What is not asked for is the network's own choice. A container that does not run may show no MAC address.
 */
export function attachmentDifference(
  wanted: NetworkAttachment,
  observed: NetworkAttachment,
): readonly string[] {
  const missing = wanted.aliases.filter((alias) => !observed.aliases.includes(alias));
  const extra = observed.aliases.filter((alias) => !wanted.aliases.includes(alias));
  const changed = settings.filter(
    (key) => wanted[key] !== undefined && digestOf(wanted[key]) !== digestOf(observed[key]),
  );
  // The engine keeps options of its own there.
  const options = Object.entries(wanted.driverOptions ?? {}).filter(
    ([name, value]) => observed.driverOptions?.[name] !== value,
  );
  // Compose links containers of one project too, which nobody has to ask for.
  const isUnlinked = (wanted.links ?? []).some((link) => observed.links?.includes(link) !== true);
  const { macAddress } = wanted;
  const isOtherCard =
    macAddress !== undefined && macAddress !== (observed.macAddress ?? macAddress);
  return [
    ...missing,
    ...extra,
    ...changed,
    ...options.map(([name]) => name),
    ...(isUnlinked ? ['links'] : []),
    ...(isOtherCard ? ['macAddress'] : []),
  ];
}
