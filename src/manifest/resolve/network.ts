import type { IpamSpec, NetworkSpec } from '../../model/application.ts';
import { present } from '../../model/present.ts';
import { child, isPresent, items, members, readBoolean, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { attachedNetworks } from './attachment.ts';
import { isExternal, objectName } from './object-name.ts';
import { resolveLabels, resolveTextMap } from './text-map.ts';

/** The networks that some service is attached to. */
export function resolveNetworks(subject: Subject): readonly NetworkSpec[] {
  const used = new Set(
    [...subject.services.values()].flatMap((service) =>
      attachedNetworks(service).map(([key]) => key),
    ),
  );
  return [...used]
    .map((key) => resolveNetwork(subject, key))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function resolveNetwork(subject: Subject, key: string): NetworkSpec {
  const declared = child(subject.root, 'networks', key);
  return {
    name: objectName(subject, 'networks', key),
    external: isExternal(declared),
    driver: readText(child(declared, 'driver')) ?? 'bridge',
    internal: readBoolean(child(declared, 'internal')) ?? false,
    driverOpts: resolveTextMap(child(declared, 'driver_opts')),
    labels: resolveLabels(child(declared, 'labels')),
    origin: isPresent(declared) ? declared.key : child(subject.root, 'services').key,
    ...present({ ipam: resolveIpam(child(declared, 'ipam')) }),
    ...family('enableIpv4', child(declared, 'enable_ipv4')),
    ...family('enableIpv6', child(declared, 'enable_ipv6')),
  };
}

/** True and false are both said to the engine; otherwise it decides. */
function family<Key extends string>(key: Key, cursor: Cursor): { [K in Key]?: boolean } {
  const value = readBoolean(cursor);
  return (value === null ? {} : { [key]: value }) as { [K in Key]?: boolean };
}

function resolveIpam(ipam: Cursor): IpamSpec {
  return present({
    driver: readText(child(ipam, 'driver')),
    options: resolveTextMap(child(ipam, 'options')),
    pools: items(child(ipam, 'config')).map((pool) =>
      present({
        subnet: readText(child(pool, 'subnet')),
        range: readText(child(pool, 'ip_range')),
        gateway: readText(child(pool, 'gateway')),
        reserved: Object.fromEntries(
          members(child(pool, 'aux_addresses')).map(([name, at]) => [name, readText(at) ?? '']),
        ),
      }),
    ),
  });
}
