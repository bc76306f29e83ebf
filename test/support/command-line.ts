import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { DriftReport } from '../../src/generated/drift.ts';
import type { Plan } from '../../src/generated/plan.ts';
import type { Request as RequestDocument } from '../../src/generated/request.ts';
import type { Status } from '../../src/generated/status.ts';
import type { RequestKind } from '../../src/model/request.ts';
import type { ConfigRepository } from './config-repository.ts';

const executable = fileURLToPath(new URL('../../dist/fleetwright.js', import.meta.url));
const source = fileURLToPath(new URL('../../src/fleetwright.ts', import.meta.url));

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built executable, as a user does. */
export function fleetwright(...args: readonly string[]): Promise<CommandResult> {
  return runToEnd([executable, ...args]);
}

/** Runs the sources, for tests that do not wait for a build. */
export function fleetwrightSource(...args: readonly string[]): Promise<CommandResult> {
  return runToEnd(['--import', 'tsx', source, ...args]);
}

async function runToEnd(args: readonly string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...printed };
}

/** The commands of one repository and its fleet. */
export class Commands {
  readonly #options: readonly string[];
  readonly #state: string;

  constructor(repository: ConfigRepository, credentials: string) {
    this.#state = `--state=${repository.beside('state')}`;
    this.#options = [`--repository=${repository.dir}`, this.#state, `--credentials=${credentials}`];
  }

  run(command: string, ...more: readonly string[]): Promise<CommandResult> {
    return fleetwright(command, ...this.#options, ...more);
  }

  async sync(...more: readonly string[]): Promise<CommandResult & { readonly status: Status }> {
    const result = await this.run('sync', '--output=json', ...more);
    if (result.stdout === '') throw new Error(`sync printed nothing: ${result.stderr}`);
    return { ...result, status: JSON.parse(result.stdout) as Status };
  }

  /** Asks the operator for something, and gives what became of it. */
  async ask(
    kind: RequestKind,
    application: string,
    ...more: readonly string[]
  ): Promise<CommandResult & { readonly request: RequestDocument }> {
    const result = await fleetwright(kind, application, this.#state, '--output=json', ...more);
    if (result.stdout === '') throw new Error(`${kind} printed nothing: ${result.stderr}`);
    return { ...result, request: JSON.parse(result.stdout) as RequestDocument };
  }

  async status(): Promise<Status> {
    return (await this.#document('status')) as Status;
  }

  async drift(): Promise<DriftReport> {
    return (await this.#document('drift')) as DriftReport;
  }

  async plan(): Promise<Plan> {
    return (await this.#document('plan')) as Plan;
  }

  async #document(command: string): Promise<unknown> {
    const { stdout, stderr } = await this.run(command, '--output=json');
    if (stdout === '') throw new Error(`${command} printed nothing: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** Starts `status --watch`, which prints one document a line. */
  watch(): Watch<Status> {
    return this.#watch('status');
  }

  watchDrift(): Watch<DriftReport> {
    return this.#watch('drift');
  }

  #watch<Document>(command: 'drift' | 'status'): Watch<Document> {
    const args = [executable, command, '--watch', '--output=json', ...this.#options];
    return new Watch<Document>(
      spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  /** Starts the daemon. */
  start(...more: readonly string[]): Daemon {
    return startDaemon([...this.#options, ...more]);
  }
}

export function startDaemon(options: readonly string[]): Daemon {
  const args = [executable, 'run', ...options, '--log-level=debug'];
  return new Daemon(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] }));
}

/** A `--watch` under test. Disposing of it stops it. */
export class Watch<Document> implements AsyncDisposable {
  readonly #process: ChildProcess;
  #printed = '';

  constructor(process: ChildProcess) {
    this.#process = process;
    process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#printed += text));
  }

  /** What it has printed so far, line by line. */
  documents(): readonly Document[] {
    const lines = this.#printed.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Document);
  }

  /** Interrupts it as Ctrl-C does, and gives its exit code. */
  async end(): Promise<number | null> {
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    const closed = once(this.#process, 'close') as Promise<[number | null]>;
    this.#process.kill('SIGINT');
    const [code] = await closed;
    return code;
  }

  /** Reads no more, as `head` does when it has enough, and gives the exit code. */
  async abandon(): Promise<number | null> {
    const exited = once(this.#process, 'exit') as Promise<[number | null]>;
    this.#process.stdout?.destroy();
    const [code] = await exited;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

/** A daemon under test. Disposing of it stops it. */
export class Daemon implements AsyncDisposable {
  readonly #process: ChildProcess;
  #log = '';

  constructor(process: ChildProcess) {
    this.#process = process;
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
  }

  /** Everything it has logged. */
  log(): string {
    return this.#log;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = once(this.#process, 'close');
    this.#process.kill(signal);
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end('SIGTERM');
  }
}
