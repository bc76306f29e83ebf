import type { FleetSpec, HostSpec } from '../../model/fleet.ts';
import { selects, type HostSelector } from '../../model/host-selector.ts';
import { isPresent, members, type Cursor } from '../cursor.ts';
import { resolveHostSelector } from './host-selector.ts';

/** The hosts with the names of their groups, and the names of all groups. */
export function resolveGroups(
  cursor: Cursor,
  hosts: readonly HostSpec[],
): Pick<FleetSpec, 'hosts' | 'groups'> {
  if (!isPresent(cursor)) return { hosts };
  const groups = members(cursor)
    .map(([name, own]): readonly [string, HostSelector] => [name, resolveHostSelector(own)])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    hosts: hosts.map((host) => {
      const own = groups.filter(([, selector]) => selects(selector, host)).map(([name]) => name);
      return own.length === 0 ? host : { ...host, groups: own };
    }),
    groups: groups.map(([name]) => name),
  };
}
