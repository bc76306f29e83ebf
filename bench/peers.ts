import { cpus } from 'node:os';

import { findCommand, run } from '../src/sandbox/command.ts';
import type { Log } from '../src/sandbox/packages.ts';
import { canInstallPackages, installPackages } from '../src/sandbox/packages.ts';
import type { Sandbox } from '../src/sandbox/sandbox.ts';
import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import { UsageError } from '../src/model/errors.ts';

/** Commands that are measured beside us, and the Debian packages that bring them. */
const peers = [
  { command: 'docker', packages: ['docker.io'] },
  { command: 'docker-compose', packages: ['docker-compose'] },
] as const;

export interface Versions {
  readonly engine: string;
  readonly docker: string;
  readonly compose: string;
  readonly cores: number;
}

/**
 * Sees to it that the commands to compare with are there.
 *
 * @throws UsageError when a person has to install them
 */
export async function ensurePeers(log: Log, signal: AbortSignal): Promise<void> {
  const missing = peers.filter(({ command }) => findCommand(command) === null);
  if (missing.length === 0) return;
  if (!canInstallPackages()) {
    const commands = missing.map(({ command }) => `"${command}"`).join(' and ');
    throw new UsageError(
      `Cannot compare: ${commands} not found, and packages are installed by themselves only by root on Debian and Ubuntu; install them and run the command again`,
    );
  }
  await installPackages(
    missing.flatMap(({ packages }) => [...packages]),
    log,
    signal,
  );
}

export async function readVersions({ hosts }: Sandbox, signal: AbortSignal): Promise<Versions> {
  const [host] = hosts;
  if (host === undefined) throw new Error('The sandbox has no host');
  const { Version } = await connectEngine(host).version();
  const docker = await run('docker', ['--version'], { signal });
  const compose = await run('docker-compose', ['--version'], { signal });
  return {
    engine: Version,
    docker: firstVersion(docker),
    compose: firstVersion(compose),
    cores: cpus().length,
  };
}

function firstVersion(text: string): string {
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? text.trim();
}
