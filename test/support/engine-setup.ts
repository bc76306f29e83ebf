import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { TestProject } from 'vitest/node';

import { findCommand } from '../../src/sandbox/command.ts';
import { whyNoDebian13 } from '../../src/sandbox/debian-13.ts';
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

/** Brings up the fleet for a run of the project `engine` or `engine-26`, and gives vitest the way to take it down. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = project.name === 'engine-26' ? 'debian-13' : 'installed';
  const reason = engine === 'debian-13' ? whyNoDebian13() : whyNoEngine();
  if (reason !== null) return skipAll(project, reason);
  await removeAbandoned();
  // Both projects may be run by one process.
  const dir = join(tmpdir(), `${prefix}${process.pid}-${engine}`);
  // On a signal vitest exits within a millisecond, teardown or not. What cannot be done in time is left to a process of its own.
  const leave = (): void => takeDownBehindUs(dir);
  process.on('exit', leave);
  const sandbox = await startSandbox({ hosts: 3, dir, engine, log: say });
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

function whyNoEngine(): string | null {
  return process.geteuid?.() !== 0 && findCommand('dockerd') === null
    ? 'no Docker Engine is installed, and only root can install one'
    : null;
}

async function skipAll(project: TestProject, reason: string): Promise<() => Promise<void>> {
  say(`${project.name} tests skipped: ${reason}`);
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
