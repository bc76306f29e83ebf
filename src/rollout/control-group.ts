import type { HostName } from '../model/names.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { isProven } from './target.ts';

/**
 * An instance of a proven revision on the same host that fails in the same window: then the host, or something that both
 * need, is to blame, and a failure of the new revision beside it says nothing. Null when there is none.
 */
export function failingBeside(
  context: ApplicationContext,
  service: string,
  host: HostName,
): Instance | null {
  const { instances, record } = context;
  const since = record.rollout?.startedAt ?? context.world.now;
  for (const list of instances.values()) {
    for (const instance of list) {
      const { identity, container } = instance;
      const isControl =
        identity.service === service &&
        container.host === host &&
        isProven(record, service, identity.hash);
      if (isControl && failsSince(instance, since)) return instance;
    }
  }
  return null;
}

/** Its own policy restarts it, or its check fails; one that somebody stopped says nothing. */
function failsSince({ container }: Instance, since: number): boolean {
  if (container.restart.name === 'no') return false;
  if (container.state === 'restarting') return true;
  if (container.state !== 'running') return false;
  const wasRestarted = container.restartCount > 0 && (container.startedAt ?? 0) >= since;
  return container.health === 'unhealthy' || wasRestarted;
}
