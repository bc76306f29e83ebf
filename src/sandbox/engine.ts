import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Cgroups } from './cgroups.ts';
import { processesIn, procsFile } from './cgroups.ts';
import { launch } from './command.ts';
import { holderOf } from './holder.ts';
import type { HostLayout } from './layout.ts';
import { serverIdentity } from './pki.ts';
import { processName, signalProcess, until } from './processes.ts';
import { enginePool } from './subnet.ts';

export const enginePort = 2376;

/**
 * The engine's daemon.json, given by path: the machine's own in /etc/docker must not be read.
 *
 * @param lan the network that the hosts share, as `10.77.3.0/24`: registries on it need no TLS
 */
function engineConfig(host: HostLayout, address: string, lan: string): object {
  const identity = serverIdentity(host);
  return {
    'data-root': join(host.folder, 'data'),
    'exec-root': '/run/docker',
    pidfile: '/run/docker.pid',
    hosts: ['unix:///run/docker.sock', `tcp://${address}:${enginePort}`],
    tlsverify: true,
    tlscacert: identity.ca,
    tlscert: identity.cert,
    tlskey: identity.key,
    'cgroup-parent': `${host.cgroup}/c`,
    // With systemd's driver the engine would ask the machine's systemd for cgroups, outside of ours.
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'default-address-pools': [enginePool],
    'insecure-registries': [lan],
    'shutdown-timeout': 1,
  };
}

export function writeEngineConfig(host: HostLayout, address: string, lan: string): void {
  writeFileSync(configFile(host), JSON.stringify(engineConfig(host, address, lan), null, 2));
}

/** Starts the engine of a host whose holder runs. It answers only some time later. */
export async function launchEngine(
  cgroups: Cgroups,
  host: HostLayout,
  signal?: AbortSignal,
): Promise<void> {
  const holder = holderOf(cgroups, host);
  if (holder === null) {
    throw new Error(`Cannot start the engine of host "${host.name}": the host is powered off`);
  }
  await forgetDeadEngine(cgroups, host, `/proc/${holder}/root/run`);
  const enter = ['nsenter', '-t', String(holder), '-n', '-m', '-u'];
  const argv = [...enter, 'dockerd', '--config-file', configFile(host)];
  const procs = procsFile(cgroups, `${host.cgroup}/d`);
  // Files that runc makes for a moment stay when it is killed: they go with the host's folder.
  const environment = { HOME: host.folder, TMPDIR: host.folder };
  const pid = launch(procs, argv, engineLog(host), environment);
  const failure = `Cannot start the engine of host "${host.name}"`;
  const isLaunched = (): boolean | null => {
    const name = processName(pid);
    if (name === null) throw new Error(`${failure}: ${engineLogTail(host)}`);
    return name === 'dockerd' ? true : null;
  };
  await until(failure, 10_000, isLaunched, signal);
}

/** Process id of a running engine, or null. */
export function engineOf(cgroups: Cgroups, host: HostLayout): number | null {
  const pids = processesIn(cgroups, `${host.cgroup}/d`);
  return pids.find((pid) => processName(pid) === 'dockerd') ?? null;
}

/** Kills the engine and waits until it and its containerd are gone. Containers go on running. */
export async function killEngine(cgroups: Cgroups, host: HostLayout): Promise<void> {
  await until(`Cannot end the engine of host "${host.name}"`, 10_000, () => {
    const pids = processesIn(cgroups, `${host.cgroup}/d`).filter((pid) =>
      ['dockerd', 'containerd'].includes(processName(pid) ?? ''),
    );
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    return pids.length === 0 ? true : null;
  });
}

/** The end of the engine's log, for messages. */
export function engineLogTail(host: HostLayout): string {
  try {
    return readFileSync(engineLog(host), 'utf8').trim().split('\n').slice(-5).join('\n');
  } catch {
    return '';
  }
}

/**
 * An engine that starts soon after another was killed believes in the pid files it finds, waits 15 s for a containerd
 * that is gone, and exits ("timeout waiting for containerd to start").
 */
async function forgetDeadEngine(cgroups: Cgroups, host: HostLayout, run: string): Promise<void> {
  await killEngine(cgroups, host);
  for (const file of ['docker.pid', 'docker/containerd/containerd.pid']) {
    rmSync(join(run, file), { force: true });
  }
}

function configFile(host: HostLayout): string {
  return join(host.folder, 'daemon.json');
}

function engineLog(host: HostLayout): string {
  return join(host.folder, 'dockerd.log');
}
