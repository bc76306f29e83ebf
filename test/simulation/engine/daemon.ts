import type { Container } from './container.ts';
import { newRestarts } from './container.ts';
import { detachAll } from './endpoints.ts';
import type { EngineState } from './engine-state.ts';
import { between, changed, later } from './engine-state.ts';
import { abandonProbes } from './health.ts';
import { onProgramEnd, startNow, wake } from './lifecycle.ts';
import { PortTable } from './ports.ts';
import { endProgram, killed, terminateProgram } from './program.ts';
import { startsAtBoot } from './restart-policy.ts';

/** How often a daemon that starts looks whether what it stops has stopped. */
const lookMs = 50;

/** SIGKILL to dockerd: programs and their ports go on, but nobody looks after them. */
export function killDaemon(state: EngineState): void {
  if (state.daemon === 'down') return;
  state.daemon = 'down';
  state.run += 1;
  state.waiting = [];
  state.told = [];
  state.execs.clear();
  changed(state);
  for (const container of state.containers.values()) {
    container.starting = null;
    container.exiting = [];
    container.restarts.cancelWait = null;
    abandonProbes(state, container);
  }
}

/** The power fails: all programs are gone, and nobody has written that down. */
export function powerOff(state: EngineState): void {
  killDaemon(state);
  for (const container of state.containers.values()) {
    for (const cancel of container.program?.cancel ?? []) cancel();
    container.program = null;
    container.unseenExit = null;
  }
  changed(state);
}

/**
 * dockerd starts. Without live-restore it first stops what has survived it, which counts as a stop on purpose:
 * `unless-stopped` stays down after that, unlike after a power loss. Then it starts what its restart policies say, and
 * only then it answers.
 */
export function startDaemon(state: EngineState): void {
  if (state.daemon !== 'down') return;
  state.daemon = 'starting';
  state.run += 1;
  changed(state);
  later(state, between(state, state.timing.daemonStart), () => {
    const survivors = [...state.containers.values()].filter(({ program }) => program !== null);
    for (const container of survivors) stopSurvivor(state, container);
    whenStopped(state, survivors, () => restore(state));
  });
}

function stopSurvivor(state: EngineState, container: Container): void {
  container.manuallyStopped = true;
  const { program } = container;
  wake(state, container);
  terminateProgram(state, container, (ended, ending) => onProgramEnd(state, ended, ending));
  later(state, (container.config.StopTimeout ?? 10) * 1000, () => {
    if (container.program !== program) return;
    endProgram(container, killed, (ended, ending) => onProgramEnd(state, ended, ending));
  });
}

function whenStopped(state: EngineState, survivors: readonly Container[], then: () => void): void {
  if (survivors.every(({ program }) => program === null)) then();
  else later(state, lookMs, () => whenStopped(state, survivors, then));
}

function restore(state: EngineState): void {
  state.ports = new PortTable();
  for (const container of state.containers.values()) {
    if (container.isBeingRemoved) {
      state.containers.delete(container.id);
      state.names.delete(container.name);
    } else writeDown(state, container);
  }
  // The engine starts them side by side: who gets a port that two want is chance.
  for (const container of shuffled(state, [...state.containers.values()].filter(startsAtBoot))) {
    startNow(state, container, 'boot', false);
  }
  state.daemon = 'up';
  changed(state);
  const waiting = state.waiting;
  state.waiting = [];
  for (const goOn of waiting) goOn();
}

/** What the daemon finds of a container that ran when it died. */
function writeDown(state: EngineState, container: Container): void {
  container.restarts = newRestarts();
  container.open = [];
  if (!container.isRunning) return;
  const { exitCode, at } = container.unseenExit ?? { exitCode: 255, at: state.clock.now() };
  if (!container.isRestarting) {
    container.exitCode = exitCode;
    container.finishedAt = at;
    container.endedBy ??= 'boot';
  }
  container.unseenExit = null;
  container.isRunning = false;
  container.isPaused = false;
  container.isRestarting = false;
  detachAll(state, container);
}

function shuffled<Item>(state: EngineState, items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, key: state.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
