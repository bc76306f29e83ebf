import type { Gate, Probe } from '../../model/application.ts';
import type { HealthcheckSpec } from '../../model/container.ts';
import { child, isPresent, readNumber, readText, type Cursor } from '../cursor.ts';
import { readDuration } from './duration.ts';

const defaults = {
  minHealthyTimeMs: 1_000,
  healthyDeadlineMs: 5 * 60_000,
  intervalMs: 250,
  timeoutMs: 1_000,
  path: '/',
} as const;

/** What the engine does with a healthcheck that leaves these out. */
const engineDefaults = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3 } as const;

/** The gate that a service's instances must pass, under `x-fleetwright.gate`. */
export function resolveGate(service: Cursor, healthcheck: HealthcheckSpec | null): Gate {
  const gate = child(service, 'x-fleetwright', 'gate');
  const minHealthyTimeMs = readDuration(child(gate, 'minHealthyTime')) ?? defaults.minHealthyTimeMs;
  const needed = longestStart(healthcheck) + minHealthyTimeMs;
  return {
    probe: resolveProbe(gate),
    minHealthyTimeMs,
    healthyDeadlineMs:
      readDuration(child(gate, 'healthyDeadline')) ?? Math.max(defaults.healthyDeadlineMs, needed),
  };
}

/** How long the engine may take to call a container unhealthy: a shorter deadline would fail it too early. */
export function longestStart(check: HealthcheckSpec | null): number {
  if (check === null || check.test?.[0] === 'NONE') return 0;
  const { intervalMs, timeoutMs, retries } = engineDefaults;
  const once = (check.intervalMs ?? intervalMs) + (check.timeoutMs ?? timeoutMs);
  return (check.startPeriodMs ?? 0) + (check.retries ?? retries) * once;
}

function resolveProbe(gate: Cursor): Probe | null {
  const http = child(gate, 'http');
  const tcp = child(gate, 'tcp');
  if (isPresent(http)) {
    const path = readText(child(http, 'path')) ?? defaults.path;
    return { kind: 'http', path, ...target(http) };
  }
  return isPresent(tcp) ? { kind: 'tcp', ...target(tcp) } : null;
}

function target(probe: Cursor): { port: number; intervalMs: number; timeoutMs: number } {
  return {
    port: readNumber(child(probe, 'port')) ?? 0,
    intervalMs: readDuration(child(probe, 'interval')) ?? defaults.intervalMs,
    timeoutMs: readDuration(child(probe, 'timeout')) ?? defaults.timeoutMs,
  };
}
