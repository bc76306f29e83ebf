import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
  type Dirent,
} from 'node:fs';
import { join } from 'node:path';

import { signalProcess, until } from './processes.ts';

/**
 * The cgroup hierarchies of this machine. One of them, `tracker`, knows every process of a sandbox; the others hold only
 * what the container runtime makes in them.
 */
export interface Cgroups {
  readonly version: 1 | 2;
  readonly tracker: string;
  /** All hierarchies, the tracker among them. */
  readonly roots: readonly string[];
}

const mountPoint = '/sys/fs/cgroup';

/** @throws Error when no cgroups are mounted */
export function detectCgroups(root = mountPoint): Cgroups {
  if (existsSync(join(root, 'cgroup.controllers'))) {
    return { version: 2, tracker: root, roots: [root] };
  }
  const roots = folders(root).filter((path) => existsSync(join(path, 'cgroup.procs')));
  const tracker = roots.find((path) => path.endsWith('/freezer'));
  if (tracker === undefined) {
    throw new Error(
      `Cannot keep track of processes: no cgroups are mounted at ${root}; mount them, for example with "mount -t cgroup2 cgroup2 ${root}"`,
    );
  }
  return { version: 1, tracker, roots };
}

/** Makes the cgroup of a host: `h` for its holder, `d` for its engine, `c` for the engine to put containers into. */
export function createHostCgroup(cgroups: Cgroups, fleetCgroup: string, hostCgroup: string): void {
  const { tracker } = cgroups;
  for (const part of ['h', 'd', 'c']) {
    mkdirSync(join(tracker, hostCgroup, part), { recursive: true });
  }
  if (cgroups.version === 1) return;
  // In version 2 a controller reaches the containers only when every cgroup above them passes it on.
  for (const path of ['', fleetCgroup, hostCgroup]) passControllersOn(join(tracker, path));
}

/** The file through which a process joins a cgroup. */
export function procsFile(cgroups: Cgroups, cgroup: string): string {
  return join(cgroups.tracker, cgroup, 'cgroup.procs');
}

/** Ids of all processes in a cgroup and below it. */
export function processesIn(cgroups: Cgroups, cgroup: string): readonly number[] {
  return tree(join(cgroups.tracker, cgroup)).flatMap((path) =>
    readOrEmpty(join(path, 'cgroup.procs'))
      .split('\n')
      .filter((line) => line !== '' && line !== '0')
      .map(Number),
  );
}

/**
 * Kills every process in a cgroup and below it, frozen ones too, and waits until they are dead.
 *
 * @returns the ids of those it killed
 */
export async function killProcesses(
  cgroups: Cgroups,
  cgroup: string,
): Promise<ReadonlySet<number>> {
  const killed = new Set<number>();
  return await until(`Cannot end the processes in cgroup ${cgroup}`, 20_000, () => {
    const pids = processesIn(cgroups, cgroup);
    for (const pid of pids) {
      signalProcess(pid, 'SIGKILL');
      killed.add(pid);
    }
    // SIGKILL waits as long as its target is frozen, by `docker pause` for one.
    for (const path of tree(join(cgroups.tracker, cgroup))) thaw(path);
    return pids.length === 0 ? killed : null;
  });
}

/** Removes a cgroup and all below it from every hierarchy. What still has processes stays. */
export function removeCgroup(cgroups: Cgroups, cgroup: string): void {
  for (const root of cgroups.roots) {
    for (const path of tree(join(root, cgroup)).toReversed()) {
      try {
        rmdirSync(path);
      } catch {
        // Busy for the moment, or gone already: whoever needs it gone asks `cgroupPaths`.
      }
    }
  }
}

/** Where a cgroup exists. */
export function cgroupPaths(cgroups: Cgroups, cgroup: string): readonly string[] {
  return cgroups.roots.map((root) => join(root, cgroup)).filter((path) => existsSync(path));
}

function passControllersOn(path: string): void {
  for (const controller of readOrEmpty(join(path, 'cgroup.controllers')).trim().split(' ')) {
    writeQuietly(join(path, 'cgroup.subtree_control'), `+${controller}`);
  }
}

function thaw(path: string): void {
  writeQuietly(join(path, 'freezer.state'), 'THAWED');
  writeQuietly(join(path, 'cgroup.freeze'), '0');
}

/** Writes a control file if the kernel offers it here and takes the value. */
function writeQuietly(path: string, value: string): void {
  if (!existsSync(path)) return;
  try {
    writeFileSync(path, value);
  } catch {
    // Not every controller can be passed on, and a cgroup may go away under us.
  }
}

/** A folder and all folders below it, parents first. */
function tree(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return [path, ...folders(path).flatMap(tree)];
}

function folders(path: string): readonly string[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
