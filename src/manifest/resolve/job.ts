import type { Gate, JobPolicy } from '../../model/application.ts';
import { present } from '../../model/present.ts';
import { child, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { readDuration } from './duration.ts';

const defaultTimeoutMs = 10 * 60_000;

export function resolveJob(job: Cursor): JobPolicy {
  const when = readText(child(job, 'when')) === 'after' ? 'after' : 'before';
  return { when, ...present({ of: readText(child(job, 'of')) }) };
}

/**
 * Whether a service starts only after another one: jobs `before` come first, then the services with their hooks, then
 * jobs `after`.
 */
export function startsLater(subject: Subject, name: string, than: string): boolean {
  return turnOf(subject, name) > turnOf(subject, than);
}

function turnOf({ jobs }: Subject, name: string): number {
  const job = jobs.get(name);
  if (job === undefined) return 1;
  const { when, of } = resolveJob(job);
  if (of !== undefined) return 1;
  return when === 'after' ? 2 : 0;
}

/** A job has no time at which it is well: it passes its gate by ending in time. */
export function gateOfJob(job: Cursor): Gate {
  const timeoutMs = readDuration(child(job, 'timeout')) ?? defaultTimeoutMs;
  return { probe: null, minHealthyTimeMs: 0, healthyDeadlineMs: timeoutMs };
}
