import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Cgroups } from './cgroups.ts';
import { cgroupPaths, detectCgroups, killProcesses, processesIn, removeCgroup } from './cgroups.ts';
import { readStarter, releaseFolder, removeFleetFile } from './folder.ts';
import type { SandboxLayout } from './layout.ts';
import { networkLeftovers, removeNetwork } from './network.ts';
import { removeCredentials } from './pki.ts';
import { pendingStarts } from './pending-start.ts';
import { signalProcess, until } from './processes.ts';

/**
 * Removes everything that a sandbox ever made: processes, namespaces, links, cgroups, files. It works from names alone,
 * whatever state things are in, and may be repeated.
 *
 * @throws Error that names what could not be removed
 */
export async function removeSandbox(layout: SandboxLayout): Promise<void> {
  const killed = await clearMachine(layout);
  removeFleetFile(layout);
  removeCredentials(layout);
  releaseFolder(layout);
  await awaitBurial(killed);
}

/**
 * Removes what a sandbox has outside of its folder.
 *
 * @returns the ids of the processes it killed
 * @throws Error that names what could not be removed
 */
export async function clearMachine(layout: SandboxLayout): Promise<ReadonlySet<number>> {
  const cgroups = detectCgroups();
  const killed = new Set<number>();
  let left: readonly string[] = [];
  const clear = async (): Promise<true | null> => {
    for (const pid of await sweep(layout, cgroups)) killed.add(pid);
    left = await leftovers(layout, cgroups);
    return left.length === 0 ? true : null;
  };
  try {
    await until('Cannot take down the fleet', 15_000, clear);
  } catch (error) {
    if (left.length === 0) throw error;
    throw new Error(`Cannot take down the fleet: ${left.join(', ')} cannot be removed`, {
      cause: error,
    });
  }
  return killed;
}

/** What a sandbox has outside of its folder. Empty when it is down. */
export async function leftovers(
  layout: SandboxLayout,
  cgroups: Cgroups = detectCgroups(),
): Promise<readonly string[]> {
  const { links, namespaces } = await networkLeftovers(layout);
  return [
    ...processesIn(cgroups, layout.cgroup).map((pid) => `process ${pid}`),
    ...links.map((name) => `link ${name}`),
    ...namespaces.map((name) => `network namespace ${name}`),
    ...cgroupPaths(cgroups, layout.cgroup).map((path) => `cgroup ${path}`),
  ];
}

/**
 * Ends processes that are still bringing up the fleet, such as the child of an `npm run` that was killed: they would go
 * on making what is being removed.
 */
export async function endStarts(layout: SandboxLayout): Promise<void> {
  await until('Cannot end those who bring up the fleet', 10_000, () => {
    const starter = readStarter(layout)?.pid ?? process.pid;
    const pids = [...pendingStarts(layout), starter].filter((pid) => pid !== process.pid);
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    return pids.length === 0 ? true : null;
  });
}

async function sweep(layout: SandboxLayout, cgroups: Cgroups): Promise<ReadonlySet<number>> {
  const killed = await killProcesses(cgroups, layout.cgroup);
  await removeNetwork(layout, null);
  removeCgroup(cgroups, layout.cgroup);
  return killed;
}

/**
 * Dead processes stand in the process list until init takes notice. Most do at once, the init of a small virtual machine
 * may look only every few seconds; what never does is not ours to mend.
 */
async function awaitBurial(pids: ReadonlySet<number>): Promise<void> {
  const deadline = Date.now() + 3000;
  while (Date.now() < deadline && [...pids].some((pid) => existsSync(`/proc/${pid}`))) {
    await sleep(20);
  }
}
