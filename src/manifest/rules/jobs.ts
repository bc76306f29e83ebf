import {
  atKey,
  child,
  complain,
  complainAtKey,
  isEmptyOrNull,
  isPresent,
  members,
  readBoolean,
  readNumber,
  readText,
  silent,
  warn,
  type Cursor,
} from '../cursor.ts';
import { formatPlace } from '../report.ts';
import { replicasOf } from '../resolve/replicas.ts';
import { readDuration } from '../resolve/duration.ts';
import { resolveJob, startsLater } from '../resolve/job.ts';
import { resolveRestart } from '../resolve/restart.ts';
import { jobsOf, type Subject } from '../subject.ts';
import { didYouMean } from '../suggest.ts';
import type { Rule } from './rule.ts';

/** Each job runs one service of the manifest in a time that it can have, and some service is no job. */
export const jobsAreServices: Rule = (subject) => {
  const { root, services, jobs, inactive } = subject;
  for (const { name, service, job } of jobsOf(root)) {
    const written = child(job, 'service');
    const place = isPresent(written) ? written : atKey(job);
    const first = jobs.get(service);
    if (first !== undefined && first.key !== job.key) {
      const message = `service "${service}" is in two jobs; the other stands at ${formatPlace(first.key)}`;
      complain(place, 'duplicate-job', message, 'Remove one of the two jobs');
    }
    if (!services.has(service)) {
      const isInactive = inactive.has(service);
      const reason = isInactive
        ? 'is left out, since none of its profiles is active'
        : `is not defined${didYouMean(service, services.keys())}`;
      complain(
        place,
        isInactive ? 'inactive-service' : 'undefined-service',
        `job "${name}" runs service "${service}", which ${reason}`,
        isInactive ? 'Remove its profiles, or the job' : 'Name a service of this manifest',
      );
    }
    const timeout = child(job, 'timeout');
    if (readDuration(timeout) === 0) {
      complain(timeout, 'invalid-value', '"timeout" must be longer than zero');
    }
  }
  if (services.size === 0 || [...services.keys()].some((name) => !jobs.has(name))) return;
  complainAtKey(
    child(root, 'x-fleetwright', 'jobs'),
    'only-jobs',
    'all services of the application are jobs',
    'A job goes with the version of other services: add one, or run it as a service with restart: "no"',
  );
};

/** A job runs once: what a service that lasts may say about its instances, it may not. */
export const jobsRunOnce: Rule = ({ services, jobs }) => {
  for (const [name, service] of services) {
    if (jobs.has(name)) judgeJob(name, service);
  }
};

function judgeJob(name: string, service: Cursor): void {
  for (const key of ['gate', 'rollout', 'singleton', 'onChange', 'autoscale']) {
    refuse(child(service, 'x-fleetwright', key), `job "${name}" cannot have "${key}"`);
  }
  refuse(
    child(service, 'deploy', 'rollback_config'),
    `job "${name}" cannot have "rollback_config": a rollback runs no jobs`,
  );
  for (const key of ['order', 'parallelism', 'delay']) {
    const place = child(service, 'deploy', 'update_config', key);
    refuse(place, `job "${name}" cannot have "${key}": it has one instance, and replaces none`);
  }
  const mode = child(service, 'deploy', 'mode');
  if (readText(mode) === 'global') {
    complain(mode, 'conflicting-keys', `job "${name}" cannot be global: it runs once`);
  }
  const replicas = replicasOf(service);
  if (![null, 1].includes(readNumber(replicas))) {
    complain(replicas, 'conflicting-keys', `job "${name}" cannot have replicas: it runs once`);
  }
  judgeRestart(name, service);
}

function refuse(place: Cursor, message: string): void {
  if (isPresent(place)) complainAtKey(place, 'conflicting-keys', message, 'Remove the key');
}

function judgeRestart(name: string, service: Cursor): void {
  if (resolveRestart(silent(service), true).name === 'no') return;
  const policy = child(service, 'deploy', 'restart_policy');
  complain(
    isEmptyOrNull(policy) ? child(service, 'restart') : policy,
    'conflicting-keys',
    `job "${name}" cannot be restarted: it runs once, and its exit code counts`,
    'Set restart: "no", or remove the key',
  );
}

/**
 * Nothing waits for a job, and no job waits, for what comes later: first the jobs `before`, then the services, then the
 * jobs `after`. What waits for a job waits for its end.
 */
export const jobsComeInOrder: Rule = (subject) => {
  for (const [name, service] of subject.services) {
    for (const [other, dependency] of members(child(service, 'depends_on'))) {
      if (!subject.services.has(other) || isHook(subject, other)) continue;
      judgeOrder(subject, name, other, atKey(dependency));
      judgeCondition(subject, name, other, child(dependency, 'condition'));
    }
  }
};

/** Its own service waits for it, as is right; a job may have none at all. */
function isHook({ jobs }: Subject, name: string): boolean {
  const job = jobs.get(name);
  return job !== undefined && resolveJob(job).of !== undefined;
}

function judgeOrder(subject: Subject, name: string, other: string, place: Cursor): void {
  if (!startsLater(subject, other, name)) return;
  const waits = `${nounOf(subject, name)} "${name}"`;
  const later = `${nounOf(subject, other)} "${other}", which starts only after it`;
  if (readBoolean(child(place, 'required')) === false) {
    return warn(place, 'ignored-value', `${waits} does not wait for ${later}`, 'Remove it');
  }
  complain(
    place,
    'dependency-cycle',
    `${waits} waits for ${later}`,
    'Remove the dependency, or set when: after or before at the job',
  );
}

function judgeCondition(subject: Subject, name: string, other: string, place: Cursor): void {
  const isForEnd = readText(place) === 'service_completed_successfully';
  if (!subject.jobs.has(other) || isForEnd) return;
  complain(
    place,
    'conflicting-keys',
    `${nounOf(subject, name)} "${name}" can wait for job "${other}" only until it has completed`,
    'Set condition: service_completed_successfully',
  );
}

function nounOf({ jobs }: Subject, name: string): string {
  return jobs.has(name) ? 'job' : 'service';
}
