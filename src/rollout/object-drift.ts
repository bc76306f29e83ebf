import type { NetworkSpec, VolumeSpec } from '../model/application.ts';
import type { DriftItem } from '../model/drift.ts';
import { networkHash } from '../model/network-hash.ts';
import type { ReachableHost } from '../model/observation.ts';
import { compareVolumeObjects } from '../drift/compare-objects.ts';
import type { FieldDifference } from '../drift/field-difference.ts';
import type { ApplicationContext } from './application-context.ts';
import type { StaleNetwork } from './stale-networks.ts';
import { usedHosts } from './used-hosts.ts';

/**
 * Networks and volumes that are not as the manifest declares them. A network is made anew where that cuts off nobody else; it
 * is no drift as long as a commit has asked for it and it has not been done. A volume has data, and is left to people.
 */
export function objectDrift(context: ApplicationContext): readonly DriftItem[] {
  const { stale, target, views, world } = context;
  return usedHosts(world, views).flatMap((host) => [
    ...(stale.get(host.host) ?? []).flatMap((one) => networkItems(context, host, one)),
    ...target.spec.volumes.flatMap((volume) => {
      const observed = host.volumes.find(({ name }) => name === volume.name);
      if (observed === undefined || volume.external) return [];
      const action = { action: 'report', note: volumeNote } as const;
      const fields = compareVolumeObjects(volume, observed);
      return fields.map((field) => itemOf(context, host, 'volume', volume, field, action));
    }),
  ]);
}

const volumeNote = 'it is left as it is, with its data: who wants another one removes it';

function networkItems(
  context: ApplicationContext,
  host: ReachableHost,
  { network, fields, refusal }: StaleNetwork,
): readonly DriftItem[] {
  const before = context.record.lastKnownGood?.spec.networks.find(
    ({ name }) => name === network.name,
  );
  const isOfCommit = before === undefined || networkHash(before) !== networkHash(network);
  if (refusal === null && isOfCommit) return [];
  const action =
    refusal === null
      ? ({
          action: 'heal',
          note: 'it is made anew, and what is on it loses it for a moment',
        } as const)
      : ({ action: 'report', note: `it is left as it is: ${refusal}` } as const);
  return fields.map((field) => itemOf(context, host, 'network', network, field, action));
}

function itemOf(
  { application, target }: ApplicationContext,
  { host }: ReachableHost,
  kind: 'network' | 'volume',
  { name, origin }: NetworkSpec | VolumeSpec,
  { path, desired, observed }: FieldDifference,
  done: Pick<DriftItem, 'action' | 'note'>,
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
    ...done,
  };
}
