import { child, complain, complainAtKey, isPresent, warn, type Cursor } from '../cursor.ts';
import { readStrategy, rolloutKey } from '../resolve/rollout-key.ts';
import type { Subject } from '../subject.ts';
import { lastingServices } from './lasting-services.ts';
import { reasonToReplaceInPlace } from './replaced-in-place.ts';
import type { Rule } from './rule.ts';

/** Keys that mean something with some strategies only. */
const strategiesOf: Readonly<Record<string, readonly string[]>> = {
  steps: ['canary'],
  bake: ['blue-green'],
  promote: ['canary', 'blue-green'],
  analysis: ['canary', 'blue-green'],
};

/** A service has what its strategy needs, says nothing that its strategy does not know, and can follow it. */
export const strategiesFitServices: Rule = (subject) => {
  for (const [name, service] of lastingServices(subject)) {
    const strategy = readStrategy(subject, service);
    for (const [key, known] of Object.entries(strategiesOf)) {
      const own = child(service, 'x-fleetwright', 'rollout', key);
      if (!isPresent(own) || known.includes(strategy)) continue;
      complainAtKey(
        own,
        'conflicting-keys',
        `"${key}" needs the strategy ${known.join(' or ')}, and that of service "${name}" is ${strategy}`,
      );
    }
    if (strategy !== 'rolling') judgeBesides(subject, name, service, strategy);
  }
};

/** What an application says for its services, some service takes. */
export const commonRolloutsAreTaken: Rule = (subject) => {
  const services = lastingServices(subject);
  if (services.length === 0) return;
  for (const [key, known] of Object.entries(strategiesOf)) {
    const common = child(subject.root, 'x-fleetwright', 'rollout', key);
    if (!isPresent(common)) continue;
    const isTaken = services.some(
      ([, service]) =>
        !isPresent(child(service, 'x-fleetwright', 'rollout', key)) &&
        known.includes(readStrategy(subject, service)),
    );
    if (isTaken) continue;
    complainAtKey(
      common,
      'conflicting-keys',
      `"${key}" needs the strategy ${known.join(' or ')}, and no service that takes it from here has it`,
    );
  }
};

function judgeBesides(subject: Subject, name: string, service: Cursor, strategy: string): void {
  const place = rolloutKey(subject, service, 'strategy');
  if (strategy === 'canary' && !isPresent(rolloutKey(subject, service, 'steps'))) {
    complain(
      place,
      'missing-key',
      `the strategy canary of service "${name}" needs "steps"`,
      'Add steps: [{ replicas: 1 }]',
    );
  }
  const reason = reasonToReplaceInPlace(service);
  if (reason === null) return;
  if (strategy === 'canary') {
    const message = `canaries of service "${name}" replace an instance instead of running beside it, because ${reason}`;
    return warn(place, 'canary-in-place', message);
  }
  complain(
    place,
    'conflicting-keys',
    `service "${name}" cannot run green beside blue, because ${reason}`,
    'Choose rolling or canary, or remove the reason',
  );
}
