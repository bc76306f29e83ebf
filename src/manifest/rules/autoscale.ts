import {
  child,
  complain,
  complainAtKey,
  isEmptyOrNull,
  isPresent,
  readBoolean,
  readNumber,
  readText,
  silent,
  warn,
  type Cursor,
} from '../cursor.ts';
import { resolveReplicas } from '../resolve/autoscale.ts';
import { readDuration } from '../resolve/duration.ts';
import { replicasOf } from '../resolve/replicas.ts';
import type { Rule } from './rule.ts';

/** What goes by its load has one that can be measured, and may have more instances than one. */
export const scalesAreWellFormed: Rule = ({ services, jobs }) => {
  for (const [name, service] of services) {
    const autoscale = child(service, 'x-fleetwright', 'autoscale');
    // What jobs may not have is said where the others of its kind are.
    if (isEmptyOrNull(autoscale) || jobs.has(name)) continue;
    judgeService(name, service, autoscale);
    judgeLoad(name, service, autoscale);
    judgeNumbers(service, autoscale);
  }
};

function judgeService(name: string, service: Cursor, autoscale: Cursor): void {
  const refuse = (reason: string): void =>
    complainAtKey(
      autoscale,
      'conflicting-keys',
      `service "${name}" cannot have "autoscale": ${reason}`,
      'Remove the key',
    );
  if (readText(child(service, 'deploy', 'mode')) === 'global') {
    refuse('it is global, with one instance per eligible host');
  } else if (readBoolean(child(service, 'x-fleetwright', 'singleton')) === true) {
    refuse('it is a singleton');
  } else if (readText(child(service, 'container_name')) !== null) {
    refuse('it has "container_name", and only one container can have a name');
  }
}

function judgeLoad(name: string, service: Cursor, autoscale: Cursor): void {
  const requests = child(autoscale, 'requestsPerSecond');
  const isUnexposed = isEmptyOrNull(child(service, 'x-fleetwright', 'expose'));
  const target = child(autoscale, 'prometheus', 'target');
  const loads = [requests, child(autoscale, 'cpu'), child(autoscale, 'prometheus')];
  if (!loads.some(isPresent)) {
    const message = `"autoscale" of service "${name}" does not say what load it goes by`;
    complainAtKey(
      autoscale,
      'missing-key',
      message,
      'Add cpu: 70%, requestsPerSecond, or prometheus',
    );
  }
  for (const load of [requests, target]) {
    const number = readNumber(load);
    if (number === null || number > 0) continue;
    complain(load, 'invalid-value', `"${lastOf(load)}" must be more than zero`);
  }
  if (isPresent(requests) && isUnexposed) {
    complainAtKey(
      requests,
      'missing-key',
      `"requestsPerSecond" needs "expose": only requests that come in through the proxies are counted`,
      'Expose the service, or use cpu',
    );
  }
}

/** The key that it stands under. */
function lastOf({ path }: Cursor): string {
  return path.split('.').at(-1) ?? '';
}

const leastIntervalMs = 1_000;
const longestStabilizationMs = 3_600_000;

function judgeNumbers(service: Cursor, autoscale: Cursor): void {
  const [min, max] = [child(autoscale, 'min'), child(autoscale, 'max')];
  const [least, most] = [readNumber(min), readNumber(max)];
  if (least !== null && most !== null && most < least) {
    complain(max, 'invalid-value', `"max" is ${most}, and "min" is ${least}: it must not be less`);
    return;
  }
  const interval = child(autoscale, 'interval');
  if ((readDuration(silent(interval)) ?? leastIntervalMs) < leastIntervalMs) {
    complain(interval, 'invalid-value', '"interval" must be at least 1s');
  }
  const stabilization = child(autoscale, 'stabilization');
  if ((readDuration(silent(stabilization)) ?? 0) > longestStabilizationMs) {
    complain(stabilization, 'invalid-value', '"stabilization" must be at most 1h');
  }
  const replicas = replicasOf(service);
  const written = readNumber(replicas);
  const start = resolveReplicas(silent(service)).replicas;
  if (written === null || written === start) return;
  const message = `"${lastOf(replicas)}" is ${written}, and "autoscale" begins with ${start}`;
  warn(replicas, 'ignored-value', message, 'Set it within min and max, or remove it');
}
