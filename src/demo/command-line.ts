import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Status } from '../generated/status.ts';

const entry = fileURLToPath(new URL('../fleetwright.js', import.meta.url));
const execute = promisify(execFile);
const maxBuffer = 16 * 1024 * 1024;

/** The commands that a person at a shell would run, against one repository and state folder. */
export class CommandLine {
  readonly #options: readonly string[];

  constructor(repository: string, state: string, credentials: string) {
    this.#options = [
      `--repository=${repository}`,
      `--state=${state}`,
      `--credentials=${credentials}`,
    ];
  }

  /** Runs a command to its end and gives what it printed, whatever its exit code. */
  async run(command: string, ...more: readonly string[]): Promise<string> {
    const args = [entry, command, ...this.#options, ...more];
    const ended = await execute(process.execPath, args, { maxBuffer }).catch(asOutput);
    return ended.stdout.trimEnd();
  }

  async status(): Promise<Status | null> {
    const text = await this.run('status', '--output', 'json');
    return text === '' ? null : (JSON.parse(text) as Status);
  }

  /** Starts the daemon; its log goes to a file. */
  start(logFile: string): Daemon {
    const log = openSync(logFile, 'a');
    const args = [entry, 'run', ...this.#options];
    return new Daemon(spawn(process.execPath, args, { stdio: ['ignore', log, log] }));
  }
}

/** The running daemon. Disposing of it stops it in good order. */
export class Daemon implements AsyncDisposable {
  readonly #process: ChildProcess;

  constructor(process: ChildProcess) {
    this.#process = process;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 15_000);
    await exit;
    clearTimeout(timer);
  }
}

/** Runs the `docker` command for one host. */
export async function docker(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<string> {
  const { stdout } = await execute('docker', args, { env: { ...process.env, ...env }, maxBuffer });
  return stdout.trim();
}

function asOutput(error: unknown): { readonly stdout: string } {
  if (error instanceof Error && 'stdout' in error) return { stdout: String(error.stdout) };
  throw error;
}
