import type { NetworkAttachment } from './container.ts';
import { digestOf } from './digest.ts';

const settings = ['ipv4Address', 'ipv6Address', 'linkLocalIps', 'gatewayPriority'] as const;

/**
 * What of an attachment is not as it is asked for: aliases that are missing, and settings with another value. What is not
 * asked for is the network's own choice. A MAC address is not compared: one that was asked for cannot be told from one
 * that was given out.
 */
export function attachmentDifference(
  wanted: NetworkAttachment,
  observed: NetworkAttachment,
): readonly string[] {
  const missing = wanted.aliases.filter((alias) => !observed.aliases.includes(alias));
  const changed = settings.filter(
    (key) => wanted[key] !== undefined && digestOf(wanted[key]) !== digestOf(observed[key]),
  );
  // The engine keeps options of its own there.
  const options = Object.entries(wanted.driverOptions ?? {}).filter(
    ([name, value]) => observed.driverOptions?.[name] !== value,
  );
  return [...missing, ...changed, ...options.map(([name]) => name)];
}
