import type { Reply } from './api.ts';
import { ok, refusal } from './api.ts';
import { answerOf } from './behaviour.ts';
import type { Container } from './container.ts';
import { elapsedOf } from './container.ts';
import { framed } from './container-log.ts';
import type { EngineState } from './engine-state.ts';
import { between, changed, later, mutated } from './engine-state.ts';
import type { Exec } from './exec.ts';
import { answerLine } from './haproxy.ts';

/** A command in the container of an HAProxy hands a line to it, whatever that command is. */
export function isForHaproxy({ program }: Container): boolean {
  return (program?.haproxy ?? null) !== null;
}

/** Of `sh -c SCRIPT LINE COMMAND…` */
export function lineFor({ command }: Pick<Exec, 'command'>): string {
  return command[3] ?? '';
}

/** How long HAProxy takes, and how late its answers are when they are late, in milliseconds. */
const takesMs = 20;
const lateMs = [500, 12_000] as const;
const killedCode = 137;
/** How often one that a person has paused is looked at. */
const lookMs = 200;

/** Answers with what HAProxy says. What waits for one that stands still is done when it goes on, asked for or not. */
export function askHaproxy(state: EngineState, exec: Exec, reply: Reply): void {
  const { container } = exec;
  const { program } = container;
  const haproxy = program?.haproxy ?? null;
  if (program === null || haproxy === null) {
    return reply(refusal(409, `Container ${container.id} is not running`));
  }
  const end = (exitCode: number, output: string): void => {
    if (exec.exitCode !== null) return;
    exec.exitCode = exitCode;
    reply(ok(framed(1, output)));
  };
  container.exiting.push(() => end(killedCode, ''));
  const now = state.clock.now();
  if (answerOf(program.behaviour, elapsedOf(program, now)) === 'refused') {
    later(state, takesMs, () => end(1, "nc: can't connect to remote host (127.0.0.1): refused"));
    return;
  }
  const answer = (): void => {
    if (container.program !== program) return;
    if (program.pausedAt !== null) return void state.clock.after(lookMs, answer);
    const { changes } = haproxy;
    const output = answerLine(haproxy, lineFor(exec));
    if (haproxy.changes > changes) {
      changed(state);
      mutated(state, `tell ${container.name}: ${changesIn(lineFor(exec))}`);
    }
    const isLate = state.clock.now() < haproxy.lateUntil;
    later(state, isLate ? between(state, lateMs) : 0, () => end(0, output));
  };
  state.clock.after(Math.max(takesMs, haproxy.silentUntil - now), answer);
}

/** The commands of a line that change something. */
export function changesIn(line: string): string {
  const commands = line.split(';').map((command) => command.trim());
  return commands.filter((command) => !command.startsWith('show ')).join('; ');
}
