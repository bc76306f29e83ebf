import type { ApiResponse, Pending } from './api.ts';
import { created, ok, pending, refusal } from './api.ts';
import { appendFile } from './archives.ts';
import type { Container } from './container.ts';
import { framed } from './container-log.ts';
import type { EngineState } from './engine-state.ts';
import { changed, later, mutated, newId } from './engine-state.ts';
import { inWordsOf } from './container-calls.ts';
import { askHaproxy, isForHaproxy } from './exec-haproxy.ts';

/** A command that is run in a container: what a hook is, and a `docker exec`. */
export interface Exec {
  readonly container: Container;
  readonly command: readonly string[];
  readonly environment: readonly string[];
  /** One that was only made does not run. */
  isStarted: boolean;
  /** null: it has not ended. */
  exitCode: number | null;
}

export function makeExec(
  state: EngineState,
  container: Container,
  body: { readonly Cmd?: readonly string[]; readonly Env?: readonly string[] },
): ApiResponse {
  if (!container.isRunning) {
    return refusal(409, inWordsOf(state, `Container ${container.id} is not running`));
  }
  if (container.isPaused) {
    const message = `Container ${container.id} is paused, unpause the container before exec`;
    return refusal(409, message);
  }
  const id = newId(state);
  const { Cmd: command = [], Env: environment = [] } = body;
  state.execs.set(id, { container, command, environment, isStarted: false, exitCode: null });
  // What asks a proxy leaves nothing behind, and is done all the time.
  if (!isForHaproxy(container)) mutated(state, `make a command in ${container.name}`);
  return created({ Id: id });
}

export function inspectExec(state: EngineState, id: string): ApiResponse {
  const exec = state.execs.get(id);
  if (exec === undefined) return refusal(404, `No such exec instance: ${id}`);
  const { isStarted, exitCode } = exec;
  return ok({ ID: id, Running: isStarted && exitCode === null, ExitCode: exitCode });
}

/** Killed by the end of its container. */
const killedCode = 137;

/** Answers when the command has ended: with its output. */
export function startExec(state: EngineState, id: string): ApiResponse | Pending {
  const exec = state.execs.get(id);
  if (exec === undefined) return refusal(404, `No such exec instance: ${id}`);
  exec.isStarted = true;
  return pending((reply) => {
    if (isForHaproxy(exec.container)) {
      askHaproxy(state, exec, reply);
      return null;
    }
    const end = (exitCode: number, output: string): void => {
      if (exec.exitCode !== null) return;
      exec.exitCode = exitCode;
      changed(state);
      mutated(state, `run a command in ${exec.container.name}`);
      reply(ok(output === '' ? Buffer.alloc(0) : framed(2, output)));
    };
    exec.container.exiting.push(() => end(killedCode, ''));
    const { takesMs, exitCode, output } = runCommand(state, exec);
    later(state, takesMs, () => end(exitCode, output));
    return null;
  });
}

interface CommandEnd {
  readonly takesMs: number;
  readonly exitCode: number;
  readonly output: string;
}

/** The commands of the test application. */
function runCommand(state: EngineState, { container, command, environment }: Exec): CommandEnd {
  const [program, verb = '', first = '', second = ''] = command;
  const takesMs = 20;
  if (program !== 'testapp') {
    const output = `OCI runtime exec failed: exec failed: exec: "${program}": executable file not found in $PATH: unknown`;
    return { takesMs, exitCode: 126, output };
  }
  switch (verb) {
    case 'append':
      appendFile(state, container, first, `${variable(container, environment, second)}\n`);
      return { takesMs, exitCode: 0, output: '' };
    case 'end':
      return { takesMs, exitCode: Number(first), output: second };
    case 'pause':
      return { takesMs: Number(first), exitCode: 0, output: '' };
    default:
      return { takesMs, exitCode: 64, output: `testapp: unknown command "${verb}"` };
  }
}

/** `%NAME%` alone stands for a variable. */
function variable(container: Container, own: readonly string[], text: string): string {
  const name = /^%(.+)%$/.exec(text)?.[1];
  if (name === undefined) return text;
  const entry = [...own, ...container.config.Env].find((each) => each.startsWith(`${name}=`));
  return entry?.slice(name.length + 1) ?? '';
}
