import { child, complain, complainAtKey, isPresent, readText, warn } from '../cursor.ts';
import { replicasOf } from '../resolve/replicas.ts';
import { readDuration } from '../resolve/duration.ts';
import type { Rule } from './rule.ts';

/** The mode of a service is one that runs for ever, and its number of instances is said once. */
export const modesFitReplicas: Rule = ({ services }) => {
  for (const service of services.values()) {
    const mode = child(service, 'deploy', 'mode');
    const text = readText(mode);
    const replicas = replicasOf(service);
    if (text?.endsWith('-job') === true) {
      const message = `the mode "${text}" is not supported yet`;
      complain(mode, 'unsupported-value', message, 'Name the service under x-fleetwright.jobs');
    } else if (text === 'global' && isPresent(replicas)) {
      const key = replicas.path.split('.').at(-1);
      complainAtKey(
        replicas,
        'conflicting-keys',
        `a global service cannot have "${key}": it has one instance per eligible host`,
        `Remove ${key}, or mode: global`,
      );
    }
  }
};

/** What a rollback goes back to has been watched, and nothing is left to go back to when it fails. */
export const rollbackKnobsHaveAnEffect: Rule = ({ services }) => {
  for (const service of services.values()) {
    const config = child(service, 'deploy', 'rollback_config');
    const monitor = child(config, 'monitor');
    const ratio = child(config, 'max_failure_ratio');
    readDuration(monitor);
    if (isPresent(monitor)) {
      const message =
        '"monitor" has no effect: what a rollback goes back to has been watched before';
      warn(monitor, 'ignored-value', message, 'Remove the key');
    }
    if (isPresent(ratio)) {
      const message =
        '"max_failure_ratio" has no effect: failure_action applies to the first failure of a rollback';
      warn(ratio, 'ignored-value', message, 'Remove the key');
    }
  }
};

/** A bound on restarts is kept only where the engine counts them. */
export const restartBoundsAreKept: Rule = ({ services }) => {
  for (const service of services.values()) {
    const policy = child(service, 'deploy', 'restart_policy');
    const attempts = child(policy, 'max_attempts');
    if (!isPresent(attempts) || readText(child(policy, 'condition')) === 'on-failure') continue;
    warn(
      attempts,
      'ignored-value',
      '"max_attempts" has no effect: the engine counts restarts only with condition: on-failure',
    );
  }
};
