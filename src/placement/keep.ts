import { isHostOf } from '../model/namespace.ts';
import type { HostName } from '../model/names.ts';
import type { Board } from './board.ts';
import { assign } from './board.ts';
import type { Candidate } from './candidates.ts';
import { admits } from './constraint.ts';
import { serviceKey } from './demand.ts';
import { lastingExclusions, placeExclusions, tiesOf } from './exclusions.ts';
import { explainSlot } from './explain-slot.ts';
import type { Slot } from './slot.ts';
import { strayFrom } from './stray.ts';

/** Leaves a slot where it is, if it may stay there. */
export function keep(board: Board, slot: Slot): boolean {
  const isGlobal = slot.demand.service.mode === 'global';
  const current = isGlobal ? (slot.slot as HostName) : board.input.current.get(slot.key);
  if (current === undefined || !board.hosts.has(current)) return false;
  const host = board.candidates.get(current);
  if (host !== undefined) {
    if (!mayStay(board, slot, host)) return false;
    if (isAvoided(board, slot, current) && hasAnother(board, slot)) return false;
  }
  if (isToLeave(board, slot, current) && !isHeldThere(board, slot)) return false;
  assign(board, slot, current);
  return true;
}

function isToLeave({ input, candidates }: Board, { key }: Slot, current: HostName): boolean {
  return input.abandoned.has(key) || candidates.get(current)?.spec.drain === true;
}

/** It is to leave its host and cannot, which is said. */
function isHeldThere(board: Board, slot: Slot): boolean {
  const isAbandoned = board.input.abandoned.has(slot.key);
  const tie = isAbandoned ? undefined : board.hostTies.get(serviceKey(slot.demand));
  if (tie === undefined && hasAnother(board, slot)) return false;
  board.staying.set(slot.key, tie ?? explainSlot(board, slot));
  return true;
}

/** The slot has failed on the host. */
export function isAvoided({ input }: Board, slot: Slot, host: HostName): boolean {
  return input.avoided.get(slot.key)?.has(host) === true;
}

/** Some host admits the slot on which it has not failed. */
function hasAnother(board: Board, slot: Slot): boolean {
  const ties = tiesOf(board, slot.demand);
  return [...board.candidates.values()].some(
    (host) =>
      !isAvoided(board, slot, host.name) &&
      lastingExclusions(slot.demand, ties, host).length === 0 &&
      strayFrom(board, slot, host.name).length === 0 &&
      placeExclusions(slot.demand, host).length === 0,
  );
}

/**
 * A stranger on its port does not drive a slot away: its volume may be here, and the trouble is said instead. Others of ours
 * do, which have its port, or its share of what the host has, since one of the two can go elsewhere.
 */
function mayStay(board: Board, slot: Slot, host: Candidate): boolean {
  const { namespace, service } = slot.demand;
  const { constraints, job } = service;
  if (namespace !== undefined && !isHostOf(namespace, host.spec)) return false;
  // A hook that has run has done so, wherever its service goes now.
  const isHook = job?.of !== undefined;
  if (!isHook && strayFrom(board, slot, host.name).length > 0) return false;
  const isAdmitted = constraints.every((constraint) => admits(host, constraint));
  return isAdmitted && placeExclusions(slot.demand, host).length === 0;
}
