import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Docker from 'dockerode';

import { eventually } from './eventually.ts';

/** Podman as a service that speaks the Docker API, in namespaces of its own: network, mounts, processes. */
export interface PodmanService extends AsyncDisposable {
  /** Path of its socket. */
  readonly socket: string;
}

/** Whoever ends the first process of the namespaces ends all of them. */
const script = `
  set -e
  mount -t tmpfs tmpfs /run
  ip link set lo up
  exec podman --root "$1/root" --runroot /run/containers --tmpdir /run/libpod --storage-driver vfs \\
    --cgroup-manager cgroupfs --runtime runc system service --time 0 "unix://$1/podman.sock"`;

async function answers(socketPath: string): Promise<boolean> {
  try {
    await new Docker({ socketPath }).ping();
    return true;
  } catch {
    return false;
  }
}

export async function startPodman(): Promise<PodmanService> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetwright-podman-'));
  const apart = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child'];
  const shell = ['/bin/sh', '-c', script, 'sh', folder];
  const argv = [...apart, '--mount-proc', '--propagation', 'private', ...shell];
  const outer = spawn('unshare', argv, { stdio: 'ignore', env: { ...process.env, HOME: folder } });
  const ended = new Promise((resolve) => outer.once('exit', resolve));
  const socket = join(folder, 'podman.sock');
  await eventually('the socket of Podman', async () => {
    if (outer.exitCode !== null) throw new Error('Podman ended as soon as it was started');
    // It is there a moment before anybody listens to it.
    return existsSync(socket) && (await answers(socket)) ? true : null;
  });
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      outer.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
