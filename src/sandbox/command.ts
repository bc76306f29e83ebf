import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

/** A shell of an unprivileged login lacks the folders of the system's tools. */
const systemFolders = '/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin';
const toolFolders = `${process.env['PATH'] ?? ''}:${systemFolders}`
  .split(':')
  .filter((folder, index, all) => folder !== '' && all.indexOf(folder) === index);

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Path of a command, or null when there is none. */
export function findCommand(name: string): string | null {
  for (const folder of toolFolders) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/**
 * Runs a command to its end and gives what it wrote to stdout. It runs in a session of its own: a Ctrl-C at the terminal
 * reaches us alone, and we decide what is still to be done.
 *
 * @throws Error with the command line and what it wrote to stderr, when it cannot be run, fails or is aborted
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  options.signal?.throwIfAborted();
  const line = [command, ...args].join(' ');
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...toolEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      signal: options.signal,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => reject(new Error(`Cannot run "${line}": ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`Cannot run "${line}": ${ending(code, signal)}: ${lastLines(stderr)}`));
    });
  });
}

/**
 * Starts a process that outlives us, as a member of a cgroup from its first moment. Its output goes to a file: a pipe of
 * ours that it inherited would stay open as long as it lives, and whoever reads that pipe would wait as long.
 *
 * @returns its process id, which `exec` keeps
 */
export function launch(
  cgroupProcs: string,
  argv: readonly string[],
  log: string,
  environment: Readonly<Record<string, string>> = {},
): number {
  const output = openSync(log, 'a', 0o600);
  try {
    const script = 'echo $$ > "$1" && shift && exec "$@"';
    const child = spawn('/bin/sh', ['-c', script, 'sh', cgroupProcs, ...argv], {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...cleanEnvironment(), ...environment },
    });
    child.on('error', () => undefined);
    child.unref();
    if (child.pid === undefined) throw new Error(`Cannot start "${argv.join(' ')}"`);
    return child.pid;
  } finally {
    closeSync(output);
  }
}

function toolEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: toolFolders.join(':'), LC_ALL: 'C' };
}

/** Without the caller's proxies, DOCKER_HOST and the like: the engines of a sandbox are the same wherever it is started. */
function cleanEnvironment(): Record<string, string> {
  return { PATH: toolFolders.join(':'), LC_ALL: 'C' };
}

function ending(code: number | null, signal: NodeJS.Signals | null): string {
  return code === null ? `ended by ${signal ?? 'a signal'}` : `exit code ${code}`;
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n');
  return lines.slice(-5).join('; ') || 'it said nothing';
}
