import { child, complain, readBoolean, readNumber, readText } from '../cursor.ts';
import { replicasOf } from '../resolve/replicas.ts';
import { readStrategy, rolloutKey } from '../resolve/rollout-key.ts';
import type { Rule } from './rule.ts';

/** A singleton has one instance, and nothing beside it. */
export const singletonsAreAlone: Rule = (subject) => {
  for (const [name, service] of subject.services) {
    if (readBoolean(child(service, 'x-fleetwright', 'singleton')) !== true) continue;
    if (subject.jobs.has(name)) continue;
    const mode = child(service, 'deploy', 'mode');
    if (readText(mode) === 'global') {
      const message = 'a singleton cannot be global: it would have one instance per eligible host';
      complain(mode, 'conflicting-keys', message);
    }
    const replicas = replicasOf(service);
    const count = readNumber(replicas);
    if (count !== null && count > 1) {
      complain(replicas, 'conflicting-keys', `a singleton cannot have ${count} replicas`);
    }
    const strategy = readStrategy(subject, service);
    if (strategy === 'rolling') continue;
    complain(
      rolloutKey(subject, service, 'strategy'),
      'conflicting-keys',
      `service "${name}" is a singleton, so nothing can run beside it, and its strategy cannot be ${strategy}`,
      'Set strategy: rolling at the service',
    );
  }
};
