import type { RestartPolicy } from '../../model/container.ts';
import { noRestart } from '../../model/container.ts';
import { child, complain, isEmptyOrNull, readNumber, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';

/** An operator keeps services running, so this is the default where Compose has `no`. */
const keepRunning: RestartPolicy = { name: 'unless-stopped', maximumRetryCount: 0 };

/**
 * `deploy.restart_policy` wins over `restart`, as in Compose. A service that says neither is kept running, unless it is
 * meant to end.
 */
export function resolveRestart(service: Cursor, isMeantToEnd: boolean): RestartPolicy {
  const policy = child(service, 'deploy', 'restart_policy');
  const short = readRestart(child(service, 'restart'));
  if (!isEmptyOrNull(policy)) return readPolicy(policy);
  return short ?? (isMeantToEnd ? noRestart : keepRunning);
}

/** Whether a service is a job, or what another one waits for to complete. */
export function isMeantToEnd(subject: Subject, name: string): boolean {
  return subject.jobs.has(name) || isAwaited(subject, name);
}

/** Whether some service starts only once this one has completed. */
export function isAwaited(subject: Subject, name: string): boolean {
  return [...subject.services.values()].some(
    (service) =>
      readText(child(service, 'depends_on', name, 'condition')) ===
      'service_completed_successfully',
  );
}

/**
 * `any` becomes `unless-stopped`, not `always`: with `always` a container that a person or a rollout has stopped comes
 * back when the engine restarts.
 */
function readPolicy(policy: Cursor): RestartPolicy {
  switch (readText(child(policy, 'condition'))) {
    case 'none':
      return noRestart;
    case 'on-failure':
      return {
        name: 'on-failure',
        maximumRetryCount: readNumber(child(policy, 'max_attempts')) ?? 0,
      };
    default:
      return keepRunning;
  }
}

function readRestart(cursor: Cursor): RestartPolicy | null {
  const text = readText(cursor);
  if (text === null) return null;
  const match = /^(no|always|unless-stopped|on-failure(?::(?<count>\d{1,9}))?)$/.exec(text);
  if (match === null) {
    complain(
      cursor,
      'invalid-value',
      `"${text}" is not a restart policy: expected no, always, unless-stopped, on-failure or on-failure:N`,
    );
    return null;
  }
  const name = text.split(':')[0] as RestartPolicy['name'];
  return { name, maximumRetryCount: Number(match.groups?.['count'] ?? 0) };
}
