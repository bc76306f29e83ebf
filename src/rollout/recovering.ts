import type { Gate, ServiceSpec } from '../model/application.ts';
import { liveFiles } from '../model/delivered.ts';
import { hasLiveFiles } from '../model/file-stamps.ts';
import { liveDigest } from '../model/hash.ts';
import type { HostName } from '../model/names.ts';
import type { ObservedContainer } from '../model/observation.ts';
import { serviceOn } from '../model/variants.ts';
import { provenOn } from './target.ts';
import type { World } from './world.ts';

/**
 * Whether a promoted instance is asked by its gate again. One that was started anew since its slot was changed in place is
 * for the time of its gate, and until that change has proved itself. While instances are restarted for other files, all of
 * their service are: nobody may remember which of them was.
 *
 * @param key of its slot
 */
export function isAskedAnew(
  world: Pick<World, 'desired' | 'journal' | 'now'>,
  key: string,
  { host, startedAt, labels }: ObservedContainer,
  gate: Gate,
): boolean {
  const changedAt = world.journal.slots.get(key)?.changedAt ?? Number.POSITIVE_INFINITY;
  const isStartedSince = startedAt !== null && startedAt >= changedAt;
  if (isStartedSince && world.now < startedAt + gate.healthyDeadlineMs) return true;
  // Most instances are none of these, and are asked about at each decision.
  if (!isStartedSince && !hasLiveFiles(labels)) return false;
  const [application = '', name = ''] = key.split('/');
  const asked = world.desired.applications
    .find((one) => one.name === application)
    ?.services.find((service) => service.name === name);
  if (asked === undefined) return false;
  const own = serviceOn(asked, host);
  if (!isUnproven(world, application, own, host)) return false;
  return (
    isStartedSince || liveFiles(own.container).some(({ onChange }) => onChange.kind === 'restart')
  );
}

/** Last-known-good does not have what is changed in place. */
function isUnproven(
  { journal }: Pick<World, 'journal'>,
  application: string,
  asked: ServiceSpec,
  host: HostName,
): boolean {
  const record = journal.applications.get(application);
  const good = record === undefined ? null : provenOn(record, asked.name, host);
  return good === null || liveDigest(asked.container) !== liveDigest(good.container);
}
