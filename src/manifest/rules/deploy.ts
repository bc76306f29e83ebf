import { child, complain, complainAtKey, isPresent, readText, warn } from '../cursor.ts';
import type { Rule } from './rule.ts';

/** The mode of a service is one that runs for ever, and its number of instances is said once. */
export const modesFitReplicas: Rule = ({ services }) => {
  for (const service of services.values()) {
    const mode = child(service, 'deploy', 'mode');
    const text = readText(mode);
    const replicas = child(service, 'deploy', 'replicas');
    if (text?.endsWith('-job') === true) {
      complain(mode, 'unsupported-value', `the mode "${text}" is not supported yet`);
    } else if (text === 'global' && isPresent(replicas)) {
      complainAtKey(
        replicas,
        'conflicting-keys',
        'a global service cannot have "replicas": it has one instance per eligible host',
        'Remove replicas, or mode: global',
      );
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
