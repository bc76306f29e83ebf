import type { JournalEntry } from '../model/journal-state.ts';
import type { Difference } from '../drift/assess-instance.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { networkKey } from './stale-networks.ts';
import type { World } from './world.ts';

type Known = Pick<World, 'journal'>;

/** Networks that an instance is taken off while they are made anew, or is about to be: it is to have no requests. */
export function offNetworks({ journal }: Known, { container }: Instance): readonly string[] {
  return journal.instances.get(container.id)?.off ?? [];
}

/**
 * It was taken off a network that is made anew: that is no drift, to put it back no repair, and no rule or policy of drift
 * is about it. Otherwise it would stay off.
 */
export function isOffForAMoment(
  world: Known,
  instance: Instance,
  { remedy, observed }: Pick<Difference, 'remedy' | 'observed'>,
): boolean {
  if (remedy.kind !== 'connect' || observed !== null) return false;
  return offNetworks(world, instance).includes(remedy.attachment.network);
}

/** To be noted before it is taken off a network. */
export function offEntry(world: Known, instance: Instance, network: string): JournalEntry {
  const { slotKey: slot, container } = instance;
  const networks = [...new Set([...offNetworks(world, instance), network])].toSorted();
  return { kind: 'networks-off', slot, container: container.id, networks };
}

/** Instances that are on networks again that were made anew, or that nobody takes them off now. */
export function rejoinedEntries({
  world,
  instances,
  draft,
}: Pick<ApplicationContext, 'world' | 'instances' | 'draft'>): readonly JournalEntry[] {
  return [...instances.values()].flat().flatMap((instance) => {
    const { container, slotKey: slot } = instance;
    const off = offNetworks(world, instance);
    const on = new Set(container.spec.networks.map(({ network }) => network));
    const networks = off.filter(
      (name) => !on.has(name) || draft.renewing.has(networkKey(container.host, name)),
    );
    if (networks.length === off.length) return [];
    return [{ kind: 'networks-off', slot, container: container.id, networks }];
  });
}
