import { healthOf, nextChange } from './behaviour.ts';
import type { Container, Health, ProbeResult } from './container.ts';
import { elapsedOf } from './container.ts';
import type { EngineState } from './engine-state.ts';
import { later } from './engine-state.ts';
import { containerEvent } from './events.ts';

/** What one run of a HEALTHCHECK takes. */
const probeMs = 30;
const keptProbes = 5;

/** A container has a HEALTHCHECK that is run. */
function hasCheck(container: Container): boolean {
  const test = container.config.Healthcheck?.Test ?? [];
  return test.length > 0 && test[0] !== 'NONE';
}

/** At each start: `starting`, with the log of the former run kept. */
export function beginHealth(state: EngineState, container: Container): void {
  if (!hasCheck(container)) return;
  container.health ??= { status: 'starting', streak: 0, log: [], steady: null, stop: null };
  container.health.status = 'starting';
  container.health.streak = 0;
  resumeProbes(state, container);
}

/** The first probe comes after one whole interval: also after an unpause. */
export function resumeProbes(state: EngineState, container: Container): void {
  const { health } = container;
  if (health === null) return;
  health.steady = null;
  scheduleProbe(state, container, health);
}

/** A pause or an exit: without its probes a container counts as `unhealthy`. */
export function stopProbes(state: EngineState, container: Container): void {
  const { health } = container;
  if (health === null || health.stop === null) return;
  catchUp(health, state.clock.now());
  health.steady = null;
  health.stop();
  health.stop = null;
  health.status = 'unhealthy';
}

/** The daemon died: nobody probes, and what was written down stays. */
export function abandonProbes(state: EngineState, container: Container): void {
  const { health } = container;
  if (health === null) return;
  catchUp(health, state.clock.now());
  health.steady = null;
  health.stop?.();
  health.stop = null;
}

/** Brings the log of a steady check up to a moment: its probes are not made one by one. */
export function catchUp(health: Health, until: number): void {
  if (health.steady === null) return;
  const { everyMs, result } = health.steady;
  const missed = Math.floor((until - result.endedAt) / everyMs);
  if (missed <= 0) return;
  const at = (index: number): ProbeResult => ({
    ...result,
    startedAt: result.startedAt + index * everyMs,
    endedAt: result.endedAt + index * everyMs,
  });
  for (let index = Math.max(1, missed - keptProbes + 1); index <= missed; index += 1) {
    record(health, at(index));
  }
  if (result.exitCode !== 0) health.streak += missed;
  health.steady = { everyMs, result: at(missed) };
}

function scheduleProbe(state: EngineState, container: Container, health: Health): void {
  health.stop?.();
  health.stop = later(state, intervalOf(state, container, health) + probeMs, () => {
    probe(state, container, health);
  });
}

function probe(state: EngineState, container: Container, health: Health): void {
  const { program } = container;
  if (program === null) return;
  const timeoutMs = milliseconds(container.config.Healthcheck?.Timeout, 30_000);
  const answer = healthOf(program.behaviour, elapsedOf(program, state.clock.now()));
  const late = answer === 'timeout' ? timeoutMs - probeMs : 0;
  const startedAt = state.clock.now() - probeMs;
  const finish = (): void => {
    const endedAt = state.clock.now();
    judge(state, container, health, {
      startedAt,
      endedAt,
      ...wordsOf(container, answer, timeoutMs),
    });
  };
  if (late > 0) health.stop = later(state, late, finish);
  else finish();
}

function judge(
  state: EngineState,
  container: Container,
  health: Health,
  result: ProbeResult,
): void {
  const former = health.status;
  const retries = container.config.Healthcheck?.Retries || 3;
  record(health, result);
  if (result.exitCode === 0) {
    health.streak = 0;
    health.status = 'healthy';
  } else if (!(former === 'starting' && isInStartPeriod(container, result.startedAt))) {
    health.streak += 1;
    if (health.streak >= retries) health.status = 'unhealthy';
  }
  if (health.status !== former) {
    containerEvent(state, container, `health_status: ${health.status}`);
  }
  const settled = result.exitCode === 0 ? 'healthy' : 'unhealthy';
  if (health.status === settled) keepSteady(state, container, health, result);
  else scheduleProbe(state, container, health);
}

/**
 * As long as the program does not change, each probe says what the last one said. The next one that is made is the first
 * one after the change.
 */
function keepSteady(
  state: EngineState,
  container: Container,
  health: Health,
  result: ProbeResult,
): void {
  const { program } = container;
  if (program === null) return;
  const now = state.clock.now();
  const everyMs = intervalOf(state, container, health) + result.endedAt - result.startedAt;
  health.steady = { everyMs, result };
  health.stop = nothingToStop;
  const elapsed = elapsedOf(program, now);
  const change = nextChange(program.behaviour, elapsed);
  if (change === null) return;
  const firstAt = result.startedAt + probeMs;
  const probes = Math.max(1, Math.ceil((now + change - elapsed - firstAt) / everyMs));
  health.stop = later(state, firstAt + probes * everyMs - now, () => {
    catchUp(health, state.clock.now() - 1);
    health.steady = null;
    probe(state, container, health);
  });
}

function record(health: Health, result: ProbeResult): void {
  health.log = [...health.log, result].slice(-keptProbes);
}

/** Engines from 25 on look more often while a container starts, when they are told to. */
function intervalOf(state: EngineState, container: Container, health: Health): number {
  const check = container.config.Healthcheck ?? {};
  const intervalMs = milliseconds(check.Interval, 30_000);
  const isStarting = health.status === 'starting' && isInStartPeriod(container, state.clock.now());
  if (isStarting && state.apiVersion !== '1.41')
    return milliseconds(check.StartInterval, intervalMs);
  return intervalMs;
}

/** Failures in the start period are not counted until the first success. */
function isInStartPeriod(container: Container, at: number): boolean {
  const periodMs = milliseconds(container.config.Healthcheck?.StartPeriod, 0);
  return at - (container.startedAt ?? 0) < periodMs;
}

function wordsOf(
  container: Container,
  answer: ReturnType<typeof healthOf>,
  timeoutMs: number,
): Pick<ProbeResult, 'exitCode' | 'output'> {
  const missing = missingProgram(container);
  if (missing !== null) {
    const output = `OCI runtime exec failed: exec failed: unable to start container process: exec: "${missing}": executable file not found in $PATH: unknown`;
    return { exitCode: -1, output };
  }
  switch (answer) {
    case 'ok':
      return { exitCode: 0, output: '200 ok\n' };
    case 'http-503':
      return { exitCode: 1, output: '500 unhealthy\n' };
    case 'refused':
      return { exitCode: 1, output: 'cannot connect to port 8080: Connection refused\n' };
    case 'timeout':
      return {
        exitCode: -1,
        output: `Health check exceeded timeout (${timeoutMs / 1000}s)`,
      };
  }
}

function missingProgram(container: Container): string | null {
  const test = container.config.Healthcheck?.Test ?? [];
  const program = test[0] === 'CMD-SHELL' ? '/bin/sh' : (test[1] ?? '');
  const { programs } = container.image;
  return programs === null || programs.includes(program) ? null : program;
}

function milliseconds(nanoseconds: number | undefined, byDefault: number): number {
  return nanoseconds === undefined || nanoseconds === 0 ? byDefault : nanoseconds / 1e6;
}

function nothingToStop(): void {
  // A steady check has no timer.
}
