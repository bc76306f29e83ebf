import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';

import type { SandboxLayout } from './layout.ts';
import { layoutOf } from './layout.ts';

/**
 * Processes of `npm run fleet -- up` for a folder. One whose npm was killed goes on, and before it has claimed the folder
 * nothing but its command line tells what it is about to do.
 */
export function pendingStarts(layout: SandboxLayout): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      const dir = folderOfStart(readArguments(pid));
      return dir !== null && layoutOf(resolve(readFolder(pid), dir)).id === layout.id;
    })
    .map(Number);
}

/** The folder that a command line brings up a fleet in; null when it does something else. */
export function folderOfStart(argv: readonly string[]): string | null {
  const up = argv.findIndex((argument, index) => {
    return argument === 'up' && argv[index - 1]?.endsWith('scripts/fleet.ts') === true;
  });
  if (up === -1) return null;
  const option = argv.findIndex((argument) => /^--dir(=|$)/.test(argument));
  if (option === -1) return null;
  const glued = argv[option]?.split('=').slice(1).join('=');
  return glued || (argv[option + 1] ?? null);
}

function readArguments(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

function readFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '/';
  }
}
