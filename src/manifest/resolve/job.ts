import type { Gate, JobPolicy } from '../../model/application.ts';
import { child, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { readDuration } from './duration.ts';

const defaultTimeoutMs = 10 * 60_000;

export function resolveJob(job: Cursor): JobPolicy {
  return { when: readText(child(job, 'when')) === 'after' ? 'after' : 'before' };
}

/** Whether a service starts only after another one: jobs `before` come first, then the services, then jobs `after`. */
export function startsLater(subject: Subject, name: string, than: string): boolean {
  return turnOf(subject, name) > turnOf(subject, than);
}

function turnOf({ jobs }: Subject, name: string): number {
  const job = jobs.get(name);
  if (job === undefined) return 1;
  return resolveJob(job).when === 'after' ? 2 : 0;
}

/** A job has no time at which it is well: it passes its gate by ending in time. */
export function gateOfJob(job: Cursor): Gate {
  const timeoutMs = readDuration(child(job, 'timeout')) ?? defaultTimeoutMs;
  return { probe: null, minHealthyTimeMs: 0, healthyDeadlineMs: timeoutMs };
}
