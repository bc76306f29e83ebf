import type { JournalState } from '../model/journal-state.ts';
import type { InstanceIdentity } from '../model/labels.ts';
import { instanceName, parseIdentity, slotKey } from '../model/labels.ts';
import type { HostName, SpecHash } from '../model/names.ts';
import type { HostObservation, ObservedContainer } from '../model/observation.ts';

/** A container that is ours, with the slot that it fills. */
export interface Instance {
  readonly container: ObservedContainer;
  readonly identity: InstanceIdentity;
  /** The hash of its version by the rules of today, whatever rules its labels were written by. */
  readonly hash: SpecHash;
  readonly slotKey: string;
  /** It does not bear the name that its labels say, but we know its id: someone renamed it. */
  readonly renamed: boolean;
  /** We created it, or saw it with its right name before: its immutable fields are as we made them. */
  readonly known: boolean;
}

/** All containers that carry our labels, told apart. Each is in exactly one of the two lists. */
export interface Inventory {
  /** Sorted by slot key, then the highest epoch first, then by id. */
  readonly instances: readonly Instance[];
  /** Containers with (part of) our labels that we did not make, such as a copy made by hand: never touched. */
  readonly copies: readonly ObservedContainer[];
}

/**
 * Tells what is ours. The right name under the right labels is ours even when the journal is lost; another name is ours
 * only under an id that we know, and is a copy otherwise.
 */
export function takeInventory(
  observations: ReadonlyMap<HostName, HostObservation>,
  journal: JournalState,
): Inventory {
  const instances: Instance[] = [];
  const copies: ObservedContainer[] = [];
  for (const observation of observations.values()) {
    if (observation.kind === 'unreachable') continue;
    for (const container of observation.containers) {
      const instance = identify(container, journal);
      if (instance === null) copies.push(container);
      else instances.push(instance);
    }
  }
  return {
    instances: instances.toSorted(compareInstances),
    copies: copies.toSorted((a, b) => compareText(a.id, b.id)),
  };
}

function identify(container: ObservedContainer, journal: JournalState): Instance | null {
  const identity = parseIdentity(container.labels);
  if (identity === null) return null;
  const key = slotKey(identity);
  const isListed = journal.instances.has(container.id);
  const renamed = container.name !== instanceName(identity);
  if (renamed && !isListed) return null;
  const known = isListed || isAnnounced(container, identity, journal);
  return { container, identity, hash: identity.hash, slotKey: key, renamed, known };
}

/** The container of a create that was announced, seen for the first time. */
function isAnnounced(
  container: ObservedContainer,
  identity: InstanceIdentity,
  journal: JournalState,
): boolean {
  const slot = journal.slots.get(slotKey(identity));
  return (
    slot?.pending === true &&
    slot.epoch === identity.epoch &&
    slot.hash === identity.hash &&
    slot.host === container.host
  );
}

function compareInstances(a: Instance, b: Instance): number {
  return (
    compareText(a.slotKey, b.slotKey) ||
    b.identity.epoch - a.identity.epoch ||
    compareText(a.container.id, b.container.id)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
