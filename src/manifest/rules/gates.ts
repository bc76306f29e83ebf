import { child, complain, complainAtKey, isPresent, silent, warn, type Cursor } from '../cursor.ts';
import { readDuration } from '../resolve/duration.ts';
import { longestStart, resolveGate } from '../resolve/gate.ts';
import { resolveHealthcheck } from '../resolve/healthcheck.ts';
import type { Rule } from './rule.ts';

/** A gate can be passed: one probe, a time within the deadline, and a deadline that outlasts the healthcheck. */
export const gatesCanBePassed: Rule = ({ services }) => {
  for (const service of services.values()) {
    const gate = child(service, 'x-fleetwright', 'gate');
    if (isPresent(gate)) judgeGate(service, gate);
  }
};

function judgeGate(service: Cursor, gate: Cursor): void {
  if (isPresent(child(gate, 'http')) && isPresent(child(gate, 'tcp'))) {
    complainAtKey(
      child(gate, 'tcp'),
      'conflicting-keys',
      'a gate cannot have both "http" and "tcp"',
      'An HTTP probe also proves that the port accepts connections',
    );
  }
  for (const kind of ['http', 'tcp']) judgeProbe(child(gate, kind));
  judgeTimes(service, gate);
}

function judgeProbe(probe: Cursor): void {
  for (const key of ['interval', 'timeout']) {
    const duration = child(probe, key);
    if (readDuration(silent(duration)) === 0) {
      complain(duration, 'invalid-value', `"${key}" must be longer than zero`);
    }
  }
}

function judgeTimes(service: Cursor, gate: Cursor): void {
  const healthcheck = resolveHealthcheck(silent(service));
  const { minHealthyTimeMs, healthyDeadlineMs } = resolveGate(silent(service), healthcheck);
  const deadline = child(gate, 'healthyDeadline');
  const place = isPresent(deadline) ? deadline : child(gate, 'minHealthyTime');
  if (minHealthyTimeMs >= healthyDeadlineMs) {
    complain(
      place,
      'invalid-value',
      `"minHealthyTime" (${minHealthyTimeMs} ms) must be shorter than "healthyDeadline" (${healthyDeadlineMs} ms)`,
    );
    return;
  }
  const needed = longestStart(healthcheck);
  if (healthyDeadlineMs >= needed) return;
  warn(
    deadline,
    'short-deadline',
    `"healthyDeadline" (${healthyDeadlineMs} ms) is shorter than the healthcheck may take (${needed} ms): start_period + retries × (interval + timeout)`,
    'Set a longer deadline, or a shorter interval of the healthcheck',
  );
}
