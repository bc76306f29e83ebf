import type { ObservedContainer } from '../model/observation.ts';
import type { Verdict } from './gate.ts';

/** What is to be said of a job that has been started: its end decides, and its time is limited. */
export function judgeJob(container: ObservedContainer, limitMs: number, now: number): Verdict {
  if (container.state === 'exited' || container.state === 'dead') {
    if (container.state === 'exited' && container.exitCode === 0) return { kind: 'passed' };
    const reason = container.oomKilled ? 'OutOfMemory' : 'Exited';
    return { kind: 'failed', reason, message: `the job ended with code ${container.exitCode}` };
  }
  const until = (container.startedAt ?? now) + limitMs;
  if (now < until) return { kind: 'waiting', until, reason: 'the job runs' };
  const message = `the job did not end within ${limitMs / 1000} s`;
  return { kind: 'failed', reason: 'DeadlineExceeded', message };
}
