import { messageOf } from '../model/errors.ts';
import type { Hook } from '../model/hooks.ts';
import { hookFailed } from '../model/hooks.ts';
import { present } from '../model/present.ts';
import type { Action, StepOutcome } from '../model/step.ts';
import { checkGuard } from './container-guard.ts';
import { pause, withDeadline, withEither } from './deadline.ts';
import { enginePath } from './engine-path.ts';
import { EngineError } from './engine-error.ts';
import { readFrames } from './exec-output.ts';
import type { StepRun } from './step-run.ts';
import { done, failed, skipped } from './step-run.ts';
import type { WireExec } from './wire.ts';

/** Runs the hooks of a start, one after the other; the first that fails ends it. */
export async function runHooks(
  run: StepRun,
  action: Extract<Action, { readonly kind: 'run-hooks' }>,
): Promise<StepOutcome> {
  const { guard, name, hooks, limitMs } = action;
  const check = await checkGuard(run, guard, name);
  if (check.kind === 'gone') return skipped(`container "${name}" is gone`);
  if (check.kind === 'broken') return skipped(check.reason);
  const failure = await firstFailure(run, { id: guard.id, key: 'post_start', hooks, limitMs });
  return failure === null ? done : failed('revision', hookFailed, failure);
}

/** Runs the hooks of a stop, which takes place whatever they do: what goes wrong is written to the log. */
export async function runPreStop(
  run: StepRun,
  { guard, name, hooks = [] }: Extract<Action, { readonly kind: 'stop-container' }>,
  limitMs: number,
): Promise<void> {
  const warn = (reason: string): void =>
    run.context.logger.warn({ host: run.context.host.name, container: name, reason }, hookFailed);
  try {
    const failure = await firstFailure(run, { id: guard.id, key: 'pre_stop', hooks, limitMs });
    if (failure !== null) warn(failure);
  } catch (error) {
    if (run.signal.aborted) throw error;
    warn(messageOf(error));
  }
}

interface HookRun {
  readonly id: string;
  /** As the manifest calls them. */
  readonly key: 'post_start' | 'pre_stop';
  readonly hooks: readonly Hook[];
  /** For all of them together. */
  readonly limitMs: number;
}

/** Why one of them failed, in words, with the end of its output; null: none did. */
async function firstFailure(
  run: StepRun,
  { id, key, hooks, limitMs }: HookRun,
): Promise<string | null> {
  const { clock } = run.context;
  const until = clock.now() + limitMs;
  for (const [index, hook] of hooks.entries()) {
    const what = `${key} hook ${index + 1} ("${hook.command.join(' ')}")`;
    const end = await runHook(run, id, hook, until - clock.now());
    if (end === 'late') return `${what} did not end within ${limitMs / 1000} s`;
    if (end.exitCode === 0) continue;
    return [`${what} ended with code ${end.exitCode}`, ...lastLines(end.output)].join(': ');
  }
  return null;
}

interface HookEnd {
  readonly exitCode: number;
  readonly output: string;
}

async function runHook(
  run: StepRun,
  id: string,
  hook: Hook,
  limitMs: number,
): Promise<HookEnd | 'late'> {
  const { clock } = run.context;
  if (limitMs <= 0) return 'late';
  const { Id: exec } = await run.ask<{ readonly Id: string }>({
    what: `make a command in container "${id}"`,
    method: 'POST',
    path: enginePath`/containers/${id}/exec`,
    body: execBody(hook),
  });
  const until = clock.now() + limitMs;
  try {
    const what = `run a command in container "${id}"`;
    return await withDeadline({ what, ms: limitMs, clock }, run.signal, (inner) =>
      withEither([inner, run.signal], (either) => execute(run, exec, limitMs, either)),
    );
  } catch (error) {
    const isLate = clock.now() >= until && !run.signal.aborted;
    if (isLate && error instanceof EngineError && error.trouble === 'lost') return 'late';
    throw error;
  }
}

async function execute(
  run: StepRun,
  exec: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<HookEnd> {
  const stream = await run.context.client.stream({
    what: 'start a command',
    method: 'POST',
    path: enginePath`/exec/${exec}/start`,
    body: { Detach: false, Tty: false },
    deadlineMs,
    signal,
  });
  const output = await readFrames(stream);
  for (;;) {
    const { Running, ExitCode } = await run.read<WireExec>({
      what: 'inspect a command',
      path: enginePath`/exec/${exec}/json`,
    });
    if (Running !== true) return { exitCode: ExitCode ?? 0, output };
    // Its output may end a moment before the engine has seen its end, or it has closed it itself.
    await pause(run.context.clock, lookAgainMs, signal);
    if (signal.aborted)
      throw new EngineError('lost', 'Cannot wait for a command: it was cancelled');
  }
}

const lookAgainMs = 100;

/** Sorted, so that the same hook is always sent the same way. */
function execBody(hook: Hook): object {
  const environment = Object.entries(hook.environment ?? {});
  return {
    AttachStdout: true,
    AttachStderr: true,
    Cmd: hook.command,
    ...present({
      User: hook.user,
      WorkingDir: hook.workingDir,
      Privileged: hook.privileged,
      Env: environment.map(([name, value]) => `${name}=${value}`).toSorted(),
    }),
  };
}

const lineCount = 5;

/** The last lines in one; none when it said nothing. */
function lastLines(output: string): readonly string[] {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.length === 0 ? [] : [lines.slice(-lineCount).join(' / ')];
}
