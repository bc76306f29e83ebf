import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Name of a running process, or null when there is none or only its remains (a zombie). */
export function processName(pid: number): string | null {
  return readStat(pid)?.name ?? null;
}

/** When a process started, in clock ticks since boot: together with the id it names one process for good. */
export function processStart(pid: number): string | null {
  return readStat(pid)?.start ?? null;
}

/** Sends a signal; a process that has gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  // Ids 0 and below mean whole process groups to kill(2), 1 is init.
  if (pid <= 1) throw new RangeError(`Cannot signal process ${pid}: not a process of the sandbox`);
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Looks again and again until there is an answer.
 *
 * @throws Error with `what` when there is none in time
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  look: () => T | null | Promise<T | null>,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await look();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`${what} (waited ${timeoutMs / 1000} s)`);
    await sleep(10);
  }
}

/** What `/proc/<pid>/stat` says of a process; null when only its remains are left. Fields: proc(5). */
export function parseStat(text: string): { readonly name: string; readonly start: string } | null {
  // `pid (name) state ppid …`, and the name may hold blanks and parentheses itself.
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  const [state] = fields;
  const threads = Number(fields[17]);
  // The first thread of a killed process may be a zombie while others still end and hold its sockets open.
  if (state === 'X' || (state === 'Z' && threads <= 1)) return null;
  return { name: text.slice(text.indexOf('(') + 1, nameEnd), start: fields[19] ?? '' };
}

function readStat(pid: number): ReturnType<typeof parseStat> {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}
