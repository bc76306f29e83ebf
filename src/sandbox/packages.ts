import { existsSync, readFileSync } from 'node:fs';

import { UsageError, messageOf } from '../model/errors.ts';
import { findCommand, run } from './command.ts';

/** Says to a person what is going on, one line at a time. */
export type Log = (line: string) => void;

/** The Debian packages that bring the commands that a sandbox runs, and those who use it. */
const packagesOf = {
  dockerd: ['docker.io'],
  debootstrap: ['debootstrap', 'debian-archive-keyring'],
  'docker-compose': ['docker-compose'],
  ip: ['iproute2'],
  openssl: ['openssl'],
  podman: ['podman', 'runc'],
} as const;

type Requirement = keyof typeof packagesOf;

/** What every sandbox runs. */
const always: readonly Requirement[] = ['ip', 'openssl'];

const aptEnvironment = {
  DEBIAN_FRONTEND: 'noninteractive',
  NEEDRESTART_SUSPEND: '1',
  // invoke-rc.d starts no service in runlevel 1.
  RUNLEVEL: '1',
};

const aptOptions = [
  '-y',
  '--no-install-recommends',
  '--no-remove',
  '-o',
  'DPkg::Lock::Timeout=120',
];

/**
 * Sees to it that this process may make namespaces and that every command is there, installing what is missing on
 * Debian and Ubuntu.
 *
 * @param more commands beside those that every sandbox runs
 * @throws UsageError when a person has to do it
 */
export async function ensureRequirements(
  more: readonly Requirement[],
  log: Log,
  signal?: AbortSignal,
): Promise<void> {
  const missing = [...more, ...always].filter((command) => findCommand(command) === null);
  const commands = missing.map((command) => `"${command}"`).join(', ');
  const packages: readonly string[] = missing.flatMap((command) => packagesOf[command]);
  if (!isRoot() && missing.length > 0) {
    throw new UsageError(
      `Cannot bring up a fleet: ${commands} not found, and only root can install it and make network namespaces; run the command again as root, or in a container or virtual machine where you are root`,
    );
  }
  requireRoot('bring up a fleet');
  if (missing.length === 0) return;
  if (!isDebian()) {
    throw new UsageError(
      `Cannot bring up a fleet: ${commands} not found, and packages are installed by themselves only on Debian and Ubuntu; install the Docker Engine, iproute2 and openssl, and run the command again`,
    );
  }
  await installPackages(packages, log, signal);
  if (packages.includes('docker.io')) await stopSystemEngine(log);
}

/** @throws UsageError when this process may not touch what root made */
export function requireRoot(purpose: string): void {
  if (isRoot()) return;
  throw new UsageError(
    `Cannot ${purpose}: that takes network namespaces and cgroups, which only root can change; run the command again as root`,
  );
}

export function canInstallPackages(): boolean {
  return isRoot() && isDebian();
}

/**
 * An installation is not cut short by an abort, which would leave the machine's packages half-configured: the abort
 * takes effect after it.
 *
 * @throws Error with apt's last lines
 */
export async function installPackages(
  packages: readonly string[],
  log: Log,
  signal?: AbortSignal,
): Promise<void> {
  log(`installing ${packages.join(' and ')} with apt-get`);
  const install = ['install', ...aptOptions, ...packages];
  try {
    await run('apt-get', install, { env: aptEnvironment });
  } catch (error) {
    signal?.throwIfAborted();
    log(`updating the package lists first (${messageOf(error).split('\n')[0]})`);
    await updatePackageLists();
    await run('apt-get', install, { env: aptEnvironment });
  }
  signal?.throwIfAborted();
}

/** For the lock of the lists apt does not wait, as it does for the one of the packages. */
export async function updatePackageLists(signal?: AbortSignal): Promise<void> {
  await run('flock', ['/var/lib/apt', 'apt-get', 'update'], { env: aptEnvironment, signal });
}

/** The package starts an engine for the whole machine where it can. Nobody asked for that one, and a sandbox does not use it. */
async function stopSystemEngine(log: Log): Promise<void> {
  const units = ['docker.service', 'docker.socket', 'containerd.service'];
  try {
    if (existsSync('/run/systemd/system')) await run('systemctl', ['disable', '--now', ...units]);
    else if (existsSync('/run/docker.pid')) await run('service', ['docker', 'stop']);
  } catch (error) {
    log(`the engine that the package started goes on running: ${messageOf(error)}`);
  }
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

function isDebian(): boolean {
  if (findCommand('apt-get') === null) return false;
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}
