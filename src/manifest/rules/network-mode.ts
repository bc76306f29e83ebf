import { child, complainAtKey, isEmptyOrNull, members, readText } from '../cursor.ts';
import type { Rule } from './rule.ts';

/** A service has networks of its own or another network namespace, not both. */
export const networkModesStandAlone: Rule = ({ services }) => {
  for (const service of services.values()) {
    const mode = child(service, 'network_mode');
    const networks = child(service, 'networks');
    if (isEmptyOrNull(mode) || members(networks).length === 0) continue;
    complainAtKey(
      networks,
      'conflicting-keys',
      `a service cannot have both "networks" and "network_mode: ${readText(mode)}"`,
      'Remove one of the two',
    );
  }
};
