import type { JournalEntry } from '../model/journal-state.ts';
import type { Difference } from '../drift/assess-instance.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import type { World } from './world.ts';

type Known = Pick<World, 'journal'>;

/** Networks that an instance is taken off while they are made anew. */
function offNetworks({ journal }: Known, { container }: Instance): readonly string[] {
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

/** Instances that are on networks again that were made anew. As long as one is not, it may be seen as it was before. */
export function rejoinedEntries({
  world,
  instances,
  stale,
}: Pick<ApplicationContext, 'world' | 'instances' | 'stale'>): readonly JournalEntry[] {
  return [...instances.values()].flat().flatMap((instance) => {
    const { container, slotKey: slot } = instance;
    const off = offNetworks(world, instance);
    const old = new Set((stale.get(container.host) ?? []).map(({ network }) => network.name));
    const on = new Set(container.spec.networks.map(({ network }) => network));
    const networks = off.filter((name) => !on.has(name) || old.has(name));
    if (networks.length === off.length) return [];
    return [{ kind: 'networks-off', slot, container: container.id, networks }];
  });
}
