import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { TestProject } from 'vitest/node';

import { findCommand } from '../../src/sandbox/command.ts';
import type { SandboxDescription } from '../../src/sandbox/sandbox.ts';
import { describeSandbox, startSandbox, stopSandbox } from '../../src/sandbox/sandbox.ts';
import { secondFolder } from './second-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The fleet of three hosts that all engine tests share. */
    readonly sandbox: SandboxDescription;
  }
}

const prefix = 'fleetwright-engine-';

/** Brings up the fleet for a run of the project `engine`, and gives vitest the way to take it down. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.geteuid?.() !== 0 && findCommand('dockerd') === null) return skipAll(project);
  await removeAbandoned();
  const dir = join(tmpdir(), `${prefix}${process.pid}`);
  // On a signal vitest exits within a millisecond, teardown or not. What cannot be done in time is left to a process of its own.
  const leave = (): void => takeDownBehindUs(dir);
  process.on('exit', leave);
  const sandbox = await startSandbox({ hosts: 3, dir, log: say });
  project.provide('sandbox', describeSandbox(sandbox));
  return async () => {
    await sandbox[Symbol.asyncDispose]();
    process.off('exit', leave);
  };
}

/** The second fleet comes last: a test that was cut off may be about to bring it up. */
function takeDownBehindUs(dir: string): void {
  const script = fileURLToPath(new URL('../../scripts/fleet.ts', import.meta.url));
  const loop = 'for dir; do "$NODE" --import tsx "$SCRIPT" down --dir "$dir"; done';
  spawn('/bin/sh', ['-c', loop, 'sh', dir, secondFolder(dir)], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, NODE: process.execPath, SCRIPT: script },
  }).unref();
}

async function skipAll(project: TestProject): Promise<() => Promise<void>> {
  say('engine tests skipped: no Docker Engine is installed, and only root can install one');
  project.config.runner = fileURLToPath(new URL('skip-all-runner.ts', import.meta.url));
  return async () => undefined;
}

/** Takes down the fleets of runs that were killed. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(prefix))) {
    if (existsSync(`/proc/${Number.parseInt(name.slice(prefix.length), 10)}`)) continue;
    await stopSandbox(join(tmpdir(), name));
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stderr.write(`engine: ${line}\n`);
}
