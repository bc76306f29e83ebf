import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface ScriptResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `npm run fleet` as a user does, in a process group of its own. */
export function spawnFleetScript(...args: readonly string[]): ChildProcess {
  return spawn('npm', ['run', '--silent', 'fleet', '--', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function runFleetScript(...args: readonly string[]): Promise<ScriptResult> {
  const child = spawnFleetScript(...args);
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
