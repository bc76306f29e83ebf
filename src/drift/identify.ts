import type { AdoptedRecord } from '../model/adoption.ts';
import { hashSchema } from '../model/hash.ts';
import type { InstanceRecord, JournalState } from '../model/journal-state.ts';
import type { InstanceIdentity } from '../model/labels.ts';
import { instanceName, label, parseIdentity, slotKey } from '../model/labels.ts';
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
  /** Set for one that somebody else made: it keeps the name and the labels that it has. */
  readonly adopted?: AdoptedRecord;
}

/** All containers that were looked at in full, told apart. Each is in exactly one of the lists. */
export interface Inventory {
  /** Sorted by slot key, then the highest epoch first, then by id. */
  readonly instances: readonly Instance[];
  /** Containers with (part of) our labels that we did not make, such as a copy made by hand: never touched. */
  readonly copies: readonly ObservedContainer[];
  /** Containers without our labels that some application is to take on, and has not. Sorted by id. */
  readonly strangers: readonly ObservedContainer[];
}

/** Whether a manifest gives this name to the container of a service. */
export type IsAskedName = (identity: InstanceIdentity, name: string) => boolean;

/**
 * Tells what is ours. The right name under the right labels is ours even when the journal is lost; another name is ours
 * only under an id that we know, and is a copy otherwise.
 */
export function takeInventory(
  observations: ReadonlyMap<HostName, HostObservation>,
  journal: JournalState,
  isAsked: IsAskedName = () => false,
): Inventory {
  const instances: Instance[] = [];
  const copies: ObservedContainer[] = [];
  const strangers: ObservedContainer[] = [];
  for (const observation of observations.values()) {
    if (observation.kind === 'unreachable') continue;
    for (const container of observation.containers) {
      const instance = identify(container, journal, isAsked);
      if (instance !== null) instances.push(instance);
      else if (isLabelled(container)) copies.push(container);
      else strangers.push(container);
    }
  }
  return {
    instances: instances.toSorted(compareInstances),
    copies: copies.toSorted((a, b) => compareText(a.id, b.id)),
    strangers: strangers.toSorted((a, b) => compareText(a.id, b.id)),
  };
}

function isLabelled({ labels }: ObservedContainer): boolean {
  return labels[label.fleet] !== undefined;
}

/** What one of our containers is to us: by its labels, or by the journal when it was taken on; null when it is not ours. */
export function identityOf(
  container: ObservedContainer,
  journal: JournalState,
): InstanceIdentity | null {
  const { adopted, slot } = journal.instances.get(container.id) ?? {};
  if (isLabelled(container) || adopted === undefined || slot === undefined) {
    return parseIdentity(container.labels);
  }
  return adoptedIdentity(slot, adopted);
}

/** It is older than all that we make for its slot. */
export function adoptedIdentity(key: string, { hash }: AdoptedRecord): InstanceIdentity {
  const [application = '', service = '', slot = ''] = key.split('/');
  return { fleet: '', application, service, slot, epoch: 0, hash, hashSchema };
}

function adoptedInstance(
  container: ObservedContainer,
  record: InstanceRecord | undefined,
): Instance | null {
  if (record?.adopted === undefined) return null;
  const { slot, adopted } = record;
  const identity = adoptedIdentity(slot, adopted);
  const { hash } = identity;
  return { container, identity, hash, slotKey: slot, renamed: false, known: true, adopted };
}

function identify(
  container: ObservedContainer,
  journal: JournalState,
  isAsked: IsAskedName,
): Instance | null {
  if (!isLabelled(container)) {
    return adoptedInstance(container, journal.instances.get(container.id));
  }
  const identity = parseIdentity(container.labels);
  if (identity === null) return null;
  const key = slotKey(identity);
  const isListed = journal.instances.has(container.id);
  const isNamed = container.name === instanceName(identity) || isAsked(identity, container.name);
  const renamed = !isNamed;
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
