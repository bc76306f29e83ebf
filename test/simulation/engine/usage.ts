import type { WireStats } from '../../../src/fleet/wire.ts';
import type { ApiResponse } from './api.ts';
import { ok } from './api.ts';
import type { Container } from './container.ts';
import type { EngineState } from './engine-state.ts';
import { stamp } from './engine-state.ts';

const neverTime = '0001-01-01T00:00:00Z';
/** What it takes to start a program, in nanoseconds of one CPU. */
const startNs = 5e6;

/** How many CPUs a program uses, and until which age: at first it has much to do, then hardly anything. */
const life = [
  { untilMs: 60_000, cpus: 2 },
  { untilMs: 120_000, cpus: 0.02 },
  { untilMs: Infinity, cpus: 0.5 },
] as const;

/** What `GET /containers/{id}/stats` says with `one-shot`. */
export function readStats(state: EngineState, container: Container): ApiResponse {
  return ok(statsOf(state, container));
}

function statsOf(state: EngineState, { isRunning, startedAt }: Container): WireStats {
  const now = state.clock.now();
  if (!isRunning || startedAt === null) {
    return { read: neverTime, cpu_stats: { cpu_usage: { total_usage: 0 } } };
  }
  const total = Math.round(startNs + usedNs(now - startedAt));
  return { read: stamp(state, now), cpu_stats: { cpu_usage: { total_usage: total } } };
}

function usedNs(ageMs: number): number {
  let from = 0;
  let used = 0;
  for (const { untilMs, cpus } of life) {
    used += Math.max(0, Math.min(ageMs, untilMs) - from) * cpus * 1e6;
    from = untilMs;
  }
  return used;
}
