import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { UsageError } from '../model/errors.ts';
import { run } from './command.ts';
import { debianMirror } from './debian-mirror.ts';
import type { Log } from './packages.ts';
import { canInstallPackages, ensureRequirements, requireRoot } from './packages.ts';
import { processStart } from './processes.ts';

/** Compose is for the tests: it is of the same release, and nothing of the hosts needs it. */
const packages = ['docker.io', 'docker-compose', 'iptables'];

/** What hosts have of it. All else (/proc, /tmp, the engine's data) is the machine's. */
export const systemFolders = ['usr', 'etc'] as const;

/** A tool that was ended with its namespaces may still be writing. */
const patience = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 } as const;

/**
 * Where the file system of Debian 13 is kept: made once on a machine, used by every fleet, changed by none. Whoever
 * removes the folder has it made anew. The number goes up when other packages belong in it.
 */
export function debian13Folder(environment: NodeJS.ProcessEnv = process.env): string {
  const cache = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'fleetwright', 'debian-13-v1');
}

/**
 * Sees to it that Debian 13 is there: `usr` and `etc` with its Docker Engine 26.1.
 *
 * @returns its folder
 * @throws UsageError when it cannot be made on this machine
 */
export async function prepareDebian13(log: Log, signal?: AbortSignal): Promise<string> {
  const folder = debian13Folder();
  const isThere = existsSync(folder);
  requireRoot('bring up a fleet');
  const reason = whyNoDebian13();
  if (reason !== null) {
    throw new UsageError(
      `Cannot bring up a fleet with the engine of Debian 13: ${reason}; use Debian 12 or newer, or the engine that is installed`,
    );
  }
  await ensureRequirements(isThere ? [] : ['debootstrap'], log, signal);
  if (isThere) return folder;
  const mirror = await debianMirror(signal);
  log(`making the file system of Debian 13 in ${folder}, once for all fleets: it takes a minute`);
  removeHalfMade();
  const half = halfMade(folder);
  mkdirSync(dirname(folder), { recursive: true });
  try {
    await bootstrap(half, mirror, signal);
    keepSystemFolders(half);
    publish(half, folder);
  } finally {
    rmSync(half, patience);
  }
  return folder;
}

/** Why this machine cannot have it; null: it is there, or can be made. */
export function whyNoDebian13(): string | null {
  if (existsSync(debian13Folder())) return null;
  if (!canInstallPackages()) return 'its file system can be made only on Debian, and by root';
  // Hosts have another /usr than the machine: programs and libraries must not be beside it.
  if (!lstatSync('/lib').isSymbolicLink()) return '/lib of this machine is not in /usr';
  return null;
}

/** Removes what those began who died before it was whole. */
export function removeHalfMade(folder = debian13Folder()): void {
  const prefix = `${basename(folder)}.`;
  if (!existsSync(dirname(folder))) return;
  for (const name of readdirSync(dirname(folder)).filter((name) => name.startsWith(prefix))) {
    const [pid, start] = name.slice(prefix.length).split('-');
    if (processStart(Number(pid)) !== start) rmSync(join(dirname(folder), name), patience);
  }
}

/** Named after who is at it, so that others know when nobody is any more. */
function halfMade(folder: string): string {
  return `${folder}.${process.pid}-${processStart(process.pid) ?? ''}`;
}

/**
 * Its mounts and processes are in namespaces of their own and die with us: with the process that runs this, too, however
 * that ends.
 */
async function bootstrap(folder: string, mirror: string, signal?: AbortSignal): Promise<void> {
  const dieWithUs = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'];
  const apart = ['--pid', '--fork', '--kill-child', '--mount-proc'];
  const include = `--include=${packages.join(',')}`;
  const debootstrap = ['debootstrap', '--variant=minbase', include, 'trixie', folder, mirror];
  await run('setpriv', [...dieWithUs, ...apart, ...debootstrap], { signal });
}

function keepSystemFolders(folder: string): void {
  const kept: readonly string[] = systemFolders;
  for (const name of readdirSync(folder).filter((name) => !kept.includes(name))) {
    rmSync(join(folder, name), patience);
  }
}

/** Whoever was quicker wins. */
function publish(half: string, folder: string): void {
  try {
    renameSync(half, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}
