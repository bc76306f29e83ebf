import {
  child,
  complain,
  complainAtKey,
  isEmptyOrNull,
  isPresent,
  items,
  readNumber,
  readText,
  type Cursor,
} from '../cursor.ts';
import { sharedService } from '../resolve/namespaces.ts';
import { replicasOf } from '../resolve/replicas.ts';
import type { Subject } from '../subject.ts';
import type { Rule } from './rule.ts';

const kinds = ['network_mode', 'ipc', 'pid'] as const;

/** Keys that belong to the network of a container, which it has not of its own. */
const ofTheNetwork = ['hostname', 'expose', 'dns', 'extra_hosts', 'mac_address'] as const;

/** Who shares something of another service finds an instance of it on its own host, and has not set that itself. */
export const sharingIsPossible: Rule = (subject) => {
  for (const [name, service] of subject.services) {
    for (const [place, other] of sharedPlaces(service)) {
      const shared = subject.services.get(other);
      if (shared === undefined) continue;
      judgeNumbers(subject, place, [name, service], [other, shared]);
    }
    if (sharedService(child(service, 'network_mode')) !== null) judgeNetworkKeys(service);
  }
};

/** Where a service names another one to share something with. */
function sharedPlaces(service: Cursor): readonly (readonly [Cursor, string])[] {
  const namespaces = kinds.map((kind) => child(service, kind));
  return [
    ...namespaces.map((place) => [place, sharedService(place)] as const),
    ...items(child(service, 'volumes_from')).map(
      (place) => [place, (readText(place) ?? '').replace(/:.*$/s, '')] as const,
    ),
  ].flatMap(([place, other]) => (other === null ? [] : [[place, other] as const]));
}

function judgeNumbers(
  subject: Subject,
  place: Cursor,
  [name, service]: readonly [string, Cursor],
  [other, shared]: readonly [string, Cursor],
): void {
  const job = [name, other].find((each) => subject.jobs.has(each));
  if (job !== undefined) {
    const message = `service "${name}" cannot share with "${other}": "${job}" is a job, which ends`;
    return complain(place, 'conflicting-keys', message);
  }
  const [own, its] = [countOf(service), countOf(shared)];
  const scaled = isScaled(shared) ? other : name;
  if (isScaled(shared) || (isScaled(service) && its !== 1)) {
    return complain(
      place,
      'conflicting-keys',
      `service "${name}" cannot share with "${other}": how many instances "${scaled}" has goes by its load`,
      `Remove "autoscale" of "${scaled}"`,
    );
  }
  if (own === its || its === 1) return;
  complain(
    place,
    'conflicting-keys',
    `service "${name}" (${inWords(own)}) cannot share with "${other}" (${inWords(its)}): each instance needs one to share with`,
    `Give both as many, or "${other}" one`,
  );
}

function isScaled(service: Cursor): boolean {
  return !isEmptyOrNull(child(service, 'x-fleetwright', 'autoscale'));
}

/** Instances; `global`: one per host. */
function countOf(service: Cursor): number | 'global' {
  if (readText(child(service, 'deploy', 'mode')) === 'global') return 'global';
  return readNumber(replicasOf(service)) ?? 1;
}

function inWords(count: number | 'global'): string {
  if (count === 'global') return 'one per host';
  return count === 1 ? '1 instance' : `${count} instances`;
}

function judgeNetworkKeys(service: Cursor): void {
  for (const key of ofTheNetwork) {
    const place = child(service, key);
    if (!isPresent(place)) continue;
    const mode = readText(child(service, 'network_mode')) ?? '';
    complainAtKey(
      place,
      'conflicting-keys',
      `a service with network_mode: ${mode} cannot have "${key}": that belongs to the network of the other one`,
      `Set it at "${mode.replace('service:', '')}"`,
    );
  }
}
