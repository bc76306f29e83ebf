import type { JournalEntry } from '../model/journal-state.ts';
import { proofInWords } from '../model/proof.ts';

/** The application that an entry is about; empty: it is about a host. */
export function applicationOf(entry: JournalEntry): string {
  if ('application' in entry) return entry.application;
  return 'slot' in entry ? (entry.slot.split('/')[0] ?? '') : '';
}

/** What an entry says beyond its kind and application, in words; may be empty. */
export function describeEntry(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'rollout-started':
      return `${entry.isRollback ? 'back to' : 'to'} ${entry.commit.slice(0, 12)}`;
    case 'succeeded':
    case 'application-removed':
      return `in ${entry.commit.slice(0, 12)}`;
    case 'quarantined':
      return failureText(entry.quarantine);
    case 'attempt-failed':
      return `${failureText(entry.failure)} (${entry.failure.verdict})`;
    case 'stage-settled':
      return `${entry.service}: the canaries are ${entry.at === null ? 'not well any more' : 'well'}`;
    case 'stage-passed':
      return `${entry.service}: step ${entry.next} is passed`;
    case 'scaled':
      return `${entry.service}: ${entry.replicas}${entry.cause === '' ? '' : `, ${entry.cause}`}`;
    case 'scale-reached':
      return entry.service;
    case 'suspended':
      return entry.requested ? 'by request' : 'by the manifest';
    case 'request-answered':
      return `${entry.accepted ? 'accepted' : 'refused'}: ${entry.message}`;
    case 'slot-reserved':
    case 'instance-seen':
      return `${entry.slot} on ${entry.host}`;
    case 'move-asked':
      return `${entry.slot} to ${entry.to}`;
    case 'move-ended':
      return `${entry.slot}: ${entry.reason}`;
    case 'slot-evicted':
      return `${entry.slot} makes room on ${entry.host} for ${entry.by}`;
    case 'instance-adopted':
      return `${entry.slot} on ${entry.host}: container "${entry.name}"`;
    case 'image-pulled':
      return `${entry.reference} on ${entry.host}`;
    case 'image-unused':
      return `${entry.id} on ${entry.host}${entry.at === null ? ' is needed again' : ''}`;
    case 'image-removal':
    case 'image-gone':
      return `${entry.id} on ${entry.host}`;
    case 'image-pinned':
      return `${entry.pin.service}: ${entry.pin.rolled ?? entry.pin.digest}`;
    case 'tag-seen':
      return `${entry.image} means ${entry.digest}`;
    case 'instance-retired':
    case 'instance-gone':
    case 'eviction-ended':
    case 'hooks-due':
    case 'hash-renewed':
    case 'changed-in-place':
      return entry.slot;
    case 'hooks-ended':
      return entry.failure === null ? entry.slot : `${entry.slot}: ${entry.failure}`;
    case 'host-away':
    case 'host-back':
    case 'host-lost':
    case 'host-unfenced':
      return entry.host;
    case 'host-use':
      return `${entry.host}: ${entry.use}`;
    case 'host-fenced':
      return `${entry.host} by ${entry.by}`;
    case 'networks-off':
      return `${entry.slot}: ${entry.networks.join(', ')}`;
    case 'repaired':
      return `${entry.slot}, ${entry.repairs} in a row`;
    case 'proof-noted':
      return `${entry.service}: ${proofInWords(entry.proof)}`;
    case 'rollout-settled':
    case 'promoted':
    case 'rolled-back':
    case 'deadline-put-off':
    case 'promotion-granted':
    case 'resumed':
    case 'retried':
    case 'application-seen':
    case 'pruned':
      return '';
  }
}

function failureText(failure: {
  readonly service: string;
  readonly slot: string;
  readonly host: string | null;
  readonly reason: string;
  readonly message: string;
}): string {
  const { service, slot, host, reason, message } = failure;
  const place = slot === '' ? service : `${service}/${slot}`;
  const where = host === null ? place : `${place} on ${host}`;
  return `${where}: ${reason}: ${message}`;
}
