import type { HostName } from '../model/names.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { isServing } from './slot-view.ts';
import { isProven } from './target.ts';

/**
 * Whether instances of a proven revision on the same host fail in the same window: then the host, or something that both
 * need, is to blame, and a failure of the new revision beside them says nothing. Once that was so it stays so until one of
 * them is seen to be well, since those that fail are replaced and cannot be asked again.
 */
export function isHostSuspect(
  context: ApplicationContext,
  service: string,
  host: HostName,
): boolean {
  const { instances, record } = context;
  const { startedAt, failures } = record.rollout ?? { startedAt: context.world.now, failures: [] };
  const beside = [...instances.values()]
    .flat()
    .filter(
      ({ identity, container }) =>
        identity.service === service &&
        container.host === host &&
        isProven(record, service, identity.hash),
    );
  if (beside.some((instance) => failsSince(instance, startedAt))) return true;
  const wasSuspect = failures.some(
    (one) => one.service === service && one.host === host && one.verdict === 'excused',
  );
  return wasSuspect && !beside.some((instance) => isServing(context, instance));
}

/** Its own policy restarts it, or its check fails; one that somebody stopped says nothing. */
function failsSince({ container }: Instance, since: number): boolean {
  if (container.restart.name === 'no') return false;
  if (container.state === 'restarting') return true;
  if (container.state !== 'running') return false;
  const wasRestarted = container.restartCount > 0 && (container.startedAt ?? 0) >= since;
  return container.health === 'unhealthy' || wasRestarted;
}
