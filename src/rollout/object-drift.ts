import type { NetworkSpec, VolumeSpec } from '../model/application.ts';
import type { DriftItem } from '../model/drift.ts';
import type { ReachableHost } from '../model/observation.ts';
import { compareNetworkObjects, compareVolumeObjects } from '../drift/compare-objects.ts';
import type { FieldDifference } from '../drift/field-difference.ts';
import type { ApplicationContext } from './application-context.ts';

/**
 * Networks and volumes that are not as the manifest declares them: no engine changes one, and to make it anew would cut off
 * what runs, or lose its data. So they are reported, and left to people.
 */
export function objectDrift(context: ApplicationContext): readonly DriftItem[] {
  const { networks, volumes } = context.target.spec;
  return usedHosts(context).flatMap((host) => [
    ...networks.flatMap((network) => {
      const observed = host.networks.find(({ name }) => name === network.name);
      if (observed === undefined || network.external) return [];
      const fields = compareNetworkObjects(network, observed);
      return fields.map((field) => itemOf(context, host, 'network', network, field));
    }),
    ...volumes.flatMap((volume) => {
      const observed = host.volumes.find(({ name }) => name === volume.name);
      if (observed === undefined || volume.external) return [];
      const fields = compareVolumeObjects(volume, observed);
      return fields.map((field) => itemOf(context, host, 'volume', volume, field));
    }),
  ]);
}

/** Hosts that can be seen and where the application has a slot, sorted by name. */
function usedHosts({ views, world }: ApplicationContext): readonly ReachableHost[] {
  const hosts = views.flatMap(({ slots }) => slots.flatMap(({ host }) => host ?? []));
  return [...new Set(hosts)].toSorted().flatMap((name) => {
    const host = world.observations.get(name);
    return host?.kind === 'reachable' ? [host] : [];
  });
}

const notes = {
  network: 'it is left as it is: it is made anew when nothing uses it and somebody removes it',
  volume: 'it is left as it is, with its data: who wants another one removes it',
} as const;

function itemOf(
  { application, target }: ApplicationContext,
  { host }: ReachableHost,
  kind: keyof typeof notes,
  { name, origin }: NetworkSpec | VolumeSpec,
  { path, desired, observed }: FieldDifference,
): DriftItem {
  const prefix = `${application}_`;
  const key = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return {
    application,
    service: '',
    slot: '',
    host,
    container: '',
    containerId: null,
    class: kind,
    severity: 'warning',
    path: `${kind}s.${key}.${path}`,
    desired,
    observed,
    origin,
    commit: target.commit,
    action: 'report',
    note: notes[kind],
  };
}
