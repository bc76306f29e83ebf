import type { ServiceSpec } from '../model/application.ts';
import type { HostName } from '../model/names.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { isRestartedSince, isServing } from './slot-view.ts';
import { isProven } from './target.ts';

/**
 * Whether instances of a proven revision on the same host fail in the same window: then the host, or something that both
 * need, is to blame, and a failure of the new revision beside them says nothing. Once that was so it stays so until one of
 * them is seen to be well, since those that fail are replaced and cannot be asked again; but no longer than a deadline for
 * progress, or a revision that fails too would be tried for ever.
 */
export function isHostSuspect(
  context: ApplicationContext,
  { name, rollout, gate }: ServiceSpec,
  host: HostName,
): boolean {
  const { instances, record, world } = context;
  const { startedAt, failures } = record.rollout ?? { startedAt: world.now, failures: [] };
  const beside = [...instances.values()]
    .flat()
    .filter(
      ({ identity, hash, container }) =>
        identity.service === name && container.host === host && isProven(record, name, hash),
    );
  // One that came back and has run for as long as a gate may take has no trouble any more.
  const since = Math.max(startedAt, world.now - gate.healthyDeadlineMs);
  if (beside.some((instance) => failsSince(instance, since))) return true;
  const first = failures.find(
    (one) => one.service === name && one.host === host && one.verdict === 'excused',
  );
  const wasSuspect = first !== undefined && world.now < first.at + rollout.progressDeadlineMs;
  return wasSuspect && !beside.some((instance) => isServing(context, instance));
}

/** Its own policy restarts it, or its check fails; one that somebody stopped says nothing. */
function failsSince({ container }: Instance, since: number): boolean {
  if (container.restart.name === 'no') return false;
  if (isRestartedSince(container, since)) return true;
  return container.state === 'running' && container.health === 'unhealthy';
}
