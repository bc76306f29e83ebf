import { readAgain, readAtStart } from './archives.ts';
import type { Actor, Container } from './container.ts';
import { newRestarts, shortId } from './container.ts';
import type { EngineState } from './engine-state.ts';
import { between, changed, later } from './engine-state.ts';
import { containerEvent } from './events.ts';
import { beginHealth, stopProbes } from './health.ts';
import { attachAll, detachAll, networkRefusal } from './endpoints.ts';
import { openPorts } from './ports.ts';
import type { Ending } from './program.ts';
import { endProgram, killed, startProgram, terminateProgram } from './program.ts';
import { restartDelay } from './restart-policy.ts';

/** Why a container could not be started: the answer's status, and what the engine writes down. */
export interface StartRefusal {
  readonly status: number;
  readonly message: string;
  readonly exitCode: number;
}

/**
 * Starts a container in the time that it takes; everybody else who wants to change it waits so long. A start that fails
 * is no exit: no restart policy looks at it again.
 *
 * @param isRestart by the restart policy, whose count goes on
 */
export function startContainer(
  state: EngineState,
  container: Container,
  by: Actor,
  isRestart: boolean,
  done: (refused: StartRefusal | null) => void,
): void {
  container.starting = [];
  later(state, between(state, state.timing.start), () => {
    const waiting = container.starting ?? [];
    container.starting = null;
    const refused = startNow(state, container, by, isRestart);
    done(refused);
    for (const goOn of waiting) goOn();
  });
}

/** Starts a container in no time. Gives what stood in the way, or null. */
export function startNow(
  state: EngineState,
  container: Container,
  by: Actor,
  isRestart: boolean,
): StartRefusal | null {
  if (!isRestart) {
    container.restarts.cancelWait?.();
    container.restarts = newRestarts();
    container.restartCount = 0;
    container.manuallyStopped = false;
  }
  const refused = bringUp(state, container);
  if (refused !== null) {
    container.isRunning = false;
    container.isRestarting = false;
    container.error = refused.message;
    if (refused.exitCode === 127 || container.exitCode === 0) container.exitCode = refused.exitCode;
    changed(state);
    return refused;
  }
  container.isRunning = true;
  container.isPaused = false;
  container.isRestarting = false;
  container.error = '';
  container.exitCode = 0;
  container.oomKilled = false;
  container.startedAt = state.clock.now();
  container.startedBy = by;
  container.endedBy = null;
  container.unseenExit = null;
  readAtStart(state, container);
  startProgram(state, container, (ended, ending) => onProgramEnd(state, ended, ending));
  writeLog(container, 1, `listening in ${shortId(container.id)}`);
  beginHealth(state, container);
  containerEvent(state, container, 'start');
  return null;
}

/**
 * SIGTERM, and SIGKILL after the grace. `done` is called after the exit; at once when there is nothing to wait for. What
 * was stopped on purpose stays so, until it is started or `always` meets a new daemon.
 */
export function stopContainer(
  state: EngineState,
  container: Container,
  by: Actor,
  graceMs: number,
  done: () => void,
): void {
  if (container.isRestarting) {
    giveUpRestart(state, container, by);
    containerEvent(state, container, 'stop');
    done();
    return;
  }
  intend(container, by);
  containerEvent(state, container, 'kill', { signal: '15' });
  wake(state, container);
  container.exiting.push(() => {
    containerEvent(state, container, 'stop');
    done();
  });
  terminateProgram(state, container, (ended, ending) => onProgramEnd(state, ended, ending));
  const { program } = container;
  later(state, graceMs, () => {
    if (container.program !== program || program === null) return;
    containerEvent(state, container, 'kill', { signal: '9' });
    kill(state, container);
  });
}

/** SIGKILL: at once, and on purpose. */
export function killContainer(state: EngineState, container: Container, by: Actor): void {
  if (container.isRestarting) {
    giveUpRestart(state, container, by);
    return;
  }
  intend(container, by);
  containerEvent(state, container, 'kill', { signal: '9' });
  kill(state, container);
}

/**
 * Any other signal than those that end it. The engine takes it for the wish that it ends: the restart policy keeps out from
 * now on, until it is started. The program reads its files again, as far as new ones show.
 */
export function signalContainer(state: EngineState, container: Container, signal: string): void {
  container.restarts.isCancelled = true;
  container.manuallyStopped = true;
  containerEvent(state, container, 'kill', { signal });
  readAgain(state, container);
}

/** A program ends by itself, as it would by a crash. */
export function endByItself(state: EngineState, container: Container, ending: Ending): void {
  endProgram(container, ending, (ended, how) => onProgramEnd(state, ended, how));
}

/** What is called when the program of a container has ended, for whatever reason. */
export function onProgramEnd(state: EngineState, container: Container, ending: Ending): void {
  const at = state.clock.now();
  changed(state);
  if (ending.line !== '') writeLog(container, 2, ending.line);
  if (state.daemon !== 'up') {
    container.unseenExit = { exitCode: ending.exitCode, at };
    container.endedBy = state.daemon === 'starting' ? 'boot' : 'itself';
    return;
  }
  if (ending.isOutOfMemory) {
    container.oomKilled = true;
    containerEvent(state, container, 'oom');
  }
  container.endedBy ??= 'itself';
  exited(state, container, ending.exitCode, at);
}

/** The state of a container after its exit, as the daemon writes it down. */
function exited(state: EngineState, container: Container, exitCode: number, at: number): void {
  const delayMs = restartDelay(container, exitCode, at - (container.startedAt ?? at));
  container.exitCode = exitCode;
  container.finishedAt = at;
  container.isPaused = false;
  container.isRunning = delayMs !== null;
  container.isRestarting = delayMs !== null;
  if (delayMs !== null) container.restartCount += 1;
  stopProbes(state, container);
  closePorts(state, container);
  const isOld = state.apiVersion === '1.41';
  const sayThatItDied = (): void =>
    containerEvent(state, container, 'die', { exitCode: String(exitCode) });
  if (isOld) sayThatItDied();
  detachAll(state, container);
  const exiting = container.exiting;
  container.exiting = [];
  for (const goOn of exiting) goOn();
  if (!isOld) sayThatItDied();
  if (delayMs !== null) scheduleRestart(state, container, delayMs);
}

function scheduleRestart(state: EngineState, container: Container, delayMs: number): void {
  container.restarts.cancelWait = later(state, delayMs, () => {
    container.restarts.cancelWait = null;
    startContainer(state, container, 'restart-policy', true, () => undefined);
  });
}

/** Somebody wants it to end: the restart policy keeps out. */
function intend(container: Container, by: Actor): void {
  container.restarts.isCancelled = true;
  container.manuallyStopped = true;
  container.endedBy = by;
}

/** Stops a container between two of its runs. */
function giveUpRestart(state: EngineState, container: Container, by: Actor): void {
  intend(container, by);
  container.restarts.cancelWait?.();
  container.restarts.cancelWait = null;
  container.isRunning = false;
  container.isRestarting = false;
  changed(state);
}

function kill(state: EngineState, container: Container): void {
  wake(state, container);
  endProgram(container, killed, (ended, ending) => onProgramEnd(state, ended, ending));
}

/** What is stopped while it is paused is woken up first. */
export function wake(state: EngineState, container: Container): void {
  const { program } = container;
  if (program === null || program.pausedAt === null) return;
  program.pausedMs += state.clock.now() - program.pausedAt;
  program.pausedAt = null;
  container.isPaused = false;
}

/** Networks, ports and the program, in the order in which the engine comes to them. */
function bringUp(state: EngineState, container: Container): StartRefusal | null {
  if (state.diskFull) {
    const message = `error creating overlay mount to /var/lib/docker/overlay2/${container.id}/merged: no space left on device`;
    return { status: 500, message, exitCode: 128 };
  }
  const network = networkRefusal(state, container);
  if (network !== null) return { ...network, exitCode: 128 };
  const { config, hostConfig } = container;
  const publishes = hostConfig.NetworkMode !== 'host' && hostConfig.NetworkMode !== 'none';
  const ports = publishes
    ? openPorts(state.ports, config, hostConfig)
    : { open: [], refused: null };
  if (ports.refused !== null) {
    const endpoint = `${container.name} (${container.id})`;
    const message = `driver failed programming external connectivity on endpoint ${endpoint}: ${ports.refused}`;
    return { status: 500, message, exitCode: 128 };
  }
  container.open = ports.open;
  attachAll(state, container);
  const program = programRefusal(state, container);
  if (program !== null) {
    closePorts(state, container);
    detachAll(state, container);
  }
  return program;
}

function programRefusal(state: EngineState, container: Container): StartRefusal | null {
  const { config, image } = container;
  const user = config.User.split(':')[0] ?? '';
  if (user !== '' && !/^\d+$/.test(user) && image.users?.includes(user) === false) {
    const message = `unable to find user ${user}: no matching entries in passwd file`;
    return { status: 500, message, exitCode: 128 };
  }
  const [program = ''] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (image.programs === null || image.programs.includes(program)) return null;
  const why = program.startsWith('/')
    ? `stat ${program}: no such file or directory`
    : 'executable file not found in $PATH';
  const task = state.apiVersion === '1.41' ? '' : 'failed to create task for container: ';
  const message = `${task}failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "${program}": ${why}: unknown`;
  return { status: 400, message, exitCode: 127 };
}

function closePorts(state: EngineState, container: Container): void {
  for (const port of container.open) state.ports.close(port);
  container.open = [];
}

function writeLog(container: Container, stream: 1 | 2, text: string): void {
  container.log = [...container.log, { stream, text }].slice(-50);
}
