import type { Gate } from '../model/application.ts';
import { liveDigest } from '../model/hash.ts';
import type { ObservedContainer } from '../model/observation.ts';
import { provenService } from './target.ts';
import type { World } from './world.ts';

/**
 * Whether an instance was started anew since its slot was changed in place, and is asked by its gate again: as long as that
 * change has not proved itself, and after a repair for the time of the gate.
 *
 * @param key of its slot
 */
export function isAskedAnew(
  { desired, journal, now }: Pick<World, 'desired' | 'journal' | 'now'>,
  key: string,
  { startedAt }: ObservedContainer,
  gate: Gate,
): boolean {
  const changedAt = journal.slots.get(key)?.changedAt;
  if (changedAt === undefined || startedAt === null || startedAt < changedAt) return false;
  return now < startedAt + gate.healthyDeadlineMs || isUnproven({ desired, journal }, key);
}

/** A commit asks for something that is changed in place, and last-known-good does not have it yet. */
function isUnproven(
  { desired, journal }: Pick<World, 'desired' | 'journal'>,
  key: string,
): boolean {
  const [application = '', name = ''] = key.split('/');
  const spec = desired.applications.find((one) => one.name === application);
  const asked = spec?.services.find((service) => service.name === name);
  const record = journal.applications.get(application);
  const good = record === undefined ? null : provenService(record, name);
  if (asked === undefined || good === null) return false;
  return liveDigest(asked.container) !== liveDigest(good.container);
}
