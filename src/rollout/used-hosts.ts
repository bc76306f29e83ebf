import type { HostName } from '../model/names.ts';
import type { ReachableHost } from '../model/observation.ts';
import type { ServiceViews } from './application-context.ts';
import type { World } from './world.ts';

/** Hosts that can be seen and where an application has a slot, sorted by name. */
export function usedHosts(
  { observations }: Pick<World, 'observations'>,
  views: readonly ServiceViews[],
): readonly ReachableHost[] {
  const hosts: readonly HostName[] = views.flatMap(({ slots }) =>
    slots.flatMap(({ host }) => host ?? []),
  );
  return [...new Set(hosts)].toSorted().flatMap((name) => {
    const host = observations.get(name);
    return host?.kind === 'reachable' ? [host] : [];
  });
}
