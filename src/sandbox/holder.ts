import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Cgroups } from './cgroups.ts';
import { processesIn, procsFile } from './cgroups.ts';
import { launch } from './command.ts';
import { systemFolders } from './debian-13.ts';
import type { HostLayout } from './layout.ts';
import { netnsPath } from './network.ts';
import { processName, until } from './processes.ts';

/**
 * Engines leave files in /etc and /opt (a key, containerd's plugin folder): those go to the host's own /run, as all its
 * sockets and pid files do, and not to the machine. A folder may be missing, and a kernel may refuse the overlay. The
 * machine's own engine may have left its key there, which is the identity of an engine: the hosts must not share it.
 */
const privateFolders = ['etc', 'opt'];

/** `usr` and `etc` of another system hide the machine's own, for nobody to write to. */
const script = `
  set -e
  hostname "$1"
  system=$2
  shift 2
  if [ -n "$system" ]; then
    for folder in ${systemFolders.join(' ')}; do
      mount --bind "$system/$folder" /$folder
      mount -o remount,bind,ro /$folder
    done
  fi
  mount -t tmpfs -o mode=755 tmpfs /run
  for folder; do
    mkdir -p /run/sandbox/$folder/upper /run/sandbox/$folder/work
    layers=lowerdir=/$folder,upperdir=/run/sandbox/$folder/upper,workdir=/run/sandbox/$folder/work
    if mount -t overlay -o $layers overlay /$folder; then
      rm -f /$folder/docker/key.json
    else
      echo "/$folder stays the machine's own"
    fi
  done
  exec sleep infinity`;

/**
 * Starts the process that keeps the namespaces of a host (mounts, hostname) alive while its engine comes and goes.
 *
 * @param system folder of the file system that the host has instead of the machine's, as `prepareDebian13` gives it
 * @throws Error with the end of its log
 */
export async function startHolder(
  cgroups: Cgroups,
  host: HostLayout,
  system: string | null,
  signal?: AbortSignal,
): Promise<void> {
  const log = join(host.folder, 'holder.log');
  const unshare = ['unshare', '--mount', '--uts', '--propagation', 'private'];
  // The engine's own data must stay on the disk.
  const folders = privateFolders.filter((name) => !host.folder.startsWith(`/${name}/`));
  const shell = ['/bin/sh', '-c', script, 'sh', host.name, system ?? '', ...folders];
  const argv = ['nsenter', `--net=${netnsPath(host)}`, ...unshare, ...shell];
  const pid = launch(procsFile(cgroups, `${host.cgroup}/h`), argv, log);
  const isReady = (): boolean | null => {
    const name = processName(pid);
    if (name === null) throw new Error(`Cannot start host "${host.name}": ${readLog(log)}`);
    return name === 'sleep' ? true : null;
  };
  await until(`Cannot start host "${host.name}": no namespaces`, 20_000, isReady, signal);
}

/** Process id of the holder of a host that is powered on, or null. */
export function holderOf(cgroups: Cgroups, host: HostLayout): number | null {
  return processesIn(cgroups, `${host.cgroup}/h`)[0] ?? null;
}

/**
 * The beginning of a command line whose command is to run on a host.
 *
 * @throws Error when the host is powered off
 */
export function insideOf(cgroups: Cgroups, host: HostLayout): readonly string[] {
  const holder = holderOf(cgroups, host);
  if (holder === null) throw new Error(`host "${host.name}" is powered off`);
  return ['nsenter', '-t', String(holder), '-n', '-m', '-u'];
}

function readLog(path: string): string {
  return readFileSync(path, 'utf8').trim() || 'its holder process ended';
}
