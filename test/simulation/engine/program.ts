import type { Behaviour } from './behaviour.ts';
import { nextChange } from './behaviour.ts';
import type { Container, Program } from './container.ts';
import { elapsedOf } from './container.ts';
import type { EngineState } from './engine-state.ts';
import { changed } from './engine-state.ts';
import type { Haproxy } from './haproxy.ts';
import { startHaproxy } from './haproxy.ts';

/** How a program ended. */
export interface Ending {
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
  /** What it wrote last, or empty. */
  readonly line: string;
}

type OnEnd = (container: Container, ending: Ending) => void;

/** Starts the program of a container. `onEnd` is called when it ends, for whatever reason. */
export function startProgram(state: EngineState, container: Container, onEnd: OnEnd): void {
  const behaviour = behaviourOf(state, container);
  container.program = {
    behaviour,
    startedAt: state.clock.now(),
    pausedAt: null,
    pausedMs: 0,
    isEnding: false,
    cancel: [],
    haproxy: behaviour.isHaproxy === true ? haproxyIn(state, container) : null,
  };
  arm(state, container, container.program, onEnd);
}

const haproxyConfig = '/usr/local/etc/haproxy/haproxy.cfg';

/** How long the last requests of a server take, in milliseconds; most are answered by then. */
const lastRequestsMs = [0, 0, 0, 300, 2_000, 8_000] as const;

/** HAProxy reads its configuration when it starts. */
function haproxyIn(state: EngineState, container: Container): Haproxy {
  const config = container.files.get(haproxyConfig) ?? container.loaded.get(haproxyConfig);
  return startHaproxy(config?.toString() ?? '', {
    now: () => state.clock.now(),
    isThere: state.isThere,
    lastRequestsMs: () => lastRequestsMs[Math.floor(state.random() * lastRequestsMs.length)] ?? 0,
  });
}

/** Freezes it: what was to happen to it happens later by so much. */
export function pauseProgram(state: EngineState, program: Program): void {
  program.pausedAt = state.clock.now();
  disarm(program);
}

export function unpauseProgram(state: EngineState, container: Container, onEnd: OnEnd): void {
  const { program } = container;
  if (program === null || program.pausedAt === null) return;
  program.pausedMs += state.clock.now() - program.pausedAt;
  program.pausedAt = null;
  arm(state, container, program, onEnd);
}

/** SIGTERM: it ends in its own time, or takes no notice. */
export function terminateProgram(state: EngineState, container: Container, onEnd: OnEnd): void {
  const { program } = container;
  if (program === null || program.isEnding || program.behaviour.ignoresTerm === true) return;
  program.isEnding = true;
  const ms = program.behaviour.stopsInMs ?? 10;
  program.cancel.push(
    state.clock.after(ms, () => {
      if (container.program === program) endProgram(container, clean, onEnd);
    }),
  );
}

/** SIGKILL, or an exit by itself. */
export function endProgram(container: Container, ending: Ending, onEnd: OnEnd): void {
  const { program } = container;
  if (program === null) return;
  disarm(program);
  container.program = null;
  onEnd(container, ending);
}

const clean: Ending = { exitCode: 0, isOutOfMemory: false, line: '' };
export const killed: Ending = { exitCode: 137, isOutOfMemory: false, line: '' };

function behaviourOf(state: EngineState, container: Container): Behaviour {
  const { Cmd, Entrypoint, Env } = container.config;
  const argv = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  const behaviour = container.image.behaviour({ argv, environment: Env });
  return behaviour.onHost?.name === state.name ? behaviour.onHost.behaviour : behaviour;
}

/** Sets the timers of all that will happen to a program by itself. */
function arm(state: EngineState, container: Container, program: Program, onEnd: OnEnd): void {
  const { exits, outOfMemoryAfterMs } = program.behaviour;
  const at = (moment: number, callback: () => void): void => {
    const ms = Math.max(0, moment - elapsedOf(program, state.clock.now()));
    program.cancel.push(state.clock.after(ms, callback));
  };
  if (exits !== undefined) {
    const line = `exits with ${exits.code}`;
    const ending = { exitCode: exits.code, isOutOfMemory: false, line };
    // Even a program that has nothing to do runs for a moment.
    at(Math.max(5, exits.afterMs), () => endProgram(container, ending, onEnd));
  }
  if (outOfMemoryAfterMs !== undefined) {
    const ending = { exitCode: 137, isOutOfMemory: true, line: '' };
    at(outOfMemoryAfterMs, () => endProgram(container, ending, onEnd));
  }
  const watch = (): void => {
    const moment = nextChange(program.behaviour, elapsedOf(program, state.clock.now()));
    if (moment === null) return;
    at(moment, () => {
      changed(state);
      watch();
    });
  };
  watch();
}

function disarm(program: Program): void {
  for (const cancel of program.cancel) cancel();
  program.cancel = [];
}
