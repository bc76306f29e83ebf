import { child, complain, isPresent, silent } from '../cursor.ts';
import { readDuration } from '../resolve/duration.ts';
import { resolveGate } from '../resolve/gate.ts';
import { resolveHealthcheck } from '../resolve/healthcheck.ts';
import { rolloutKey } from '../resolve/rollout-key.ts';
import { lastingServices } from './lasting-services.ts';
import type { Rule } from './rule.ts';

/** A rollout lasts longer than one instance may take. */
export const rolloutsOutlastGates: Rule = (subject) => {
  for (const [name, service] of lastingServices(subject)) {
    const place = rolloutKey(subject, service, 'progressDeadline');
    const deadlineMs = readDuration(silent(place));
    if (deadlineMs === null) continue;
    const healthcheck = resolveHealthcheck(silent(service));
    const { healthyDeadlineMs } = resolveGate(silent(service), healthcheck);
    if (deadlineMs > healthyDeadlineMs) continue;
    const isWritten = isPresent(child(service, 'x-fleetwright', 'gate', 'healthyDeadline'));
    complain(
      place,
      'invalid-value',
      `"progressDeadline" (${deadlineMs} ms) must be longer than "healthyDeadline" of service "${name}" (${healthyDeadlineMs} ms${isWritten ? '' : ' by default'})`,
    );
  }
};
