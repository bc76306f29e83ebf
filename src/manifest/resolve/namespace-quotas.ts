import type { FleetSpec } from '../../model/fleet.ts';
import type { NamespaceSpec } from '../../model/namespace.ts';
import { present } from '../../model/present.ts';
import { atKey, child, isPresent, members, readNumber, type Cursor } from '../cursor.ts';
import { resolveHostSelector } from './host-selector.ts';
import { resolveAmounts } from './room.ts';

/** `namespaces` of fleet.yaml, sorted by name. */
export function resolveNamespaceQuotas(cursor: Cursor): Pick<FleetSpec, 'namespaces'> {
  if (!isPresent(cursor)) return {};
  const namespaces = members(cursor).map(([name, own]): NamespaceSpec => {
    const quota = child(own, 'quota');
    return {
      name,
      quota: {
        ...resolveAmounts(quota),
        ...present({ replicas: readNumber(child(quota, 'replicas')) }),
      },
      ...resolveHosts(child(own, 'hosts')),
      origin: atKey(own).origin,
    };
  });
  return { namespaces: namespaces.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

function resolveHosts(cursor: Cursor): Pick<NamespaceSpec, 'hosts'> {
  if (!isPresent(cursor)) return {};
  return { hosts: resolveHostSelector(cursor) };
}
