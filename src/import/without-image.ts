import type { ContainerSpec, HealthcheckSpec, MountSpec } from '../model/container.ts';
import { isOwnLabel } from '../model/labels.ts';
import type { ImageDefaults } from '../model/observation.ts';
import type { Settings } from '../model/settings.ts';

/** What somebody asked for, as far as a container shows it: without what its image and the engine filled in. */
export function withoutImage(spec: ContainerSpec, image: ImageDefaults): ContainerSpec {
  const { logging, ipc, cgroup, runtime, shmBytes, ...others } = spec;
  return {
    ...others,
    ...askedSettings({ logging, ipc, cgroup, runtime, shmBytes } as Settings),
    ...askedWords(spec, image),
    environment: askedEnvironment(spec, image),
    labels: askedLabels(spec, image),
    user: spec.user === image.user ? null : spec.user,
    workingDir: spec.workingDir === cleanOrNull(image.workingDir) ? null : spec.workingDir,
    stopSignal: spec.stopSignal === image.stopSignal ? null : spec.stopSignal,
    healthcheck: askedHealthcheck(spec.healthcheck, image.healthcheck),
    expose: spec.expose.filter((port) => !image.expose.includes(port)),
    mounts: spec.mounts.filter((mount) => !isInherited(mount, image)),
    // The engine gives one to each, and does not tell those that somebody asked for.
    networks: spec.networks.map(({ macAddress: _mac, ...asked }) => asked),
    securityOpt: spec.securityOpt.filter((option) => !isAddedByEngine(option, spec)),
  };
}

const defaultShmBytes = 64 * 2 ** 20;

/** Without what an engine says of every container. */
function askedSettings({ logging, ipc, cgroup, runtime, shmBytes }: Settings): Settings {
  const isDefaultLog = logging?.driver === 'json-file' && logging.options === undefined;
  return {
    ...(logging === undefined || isDefaultLog ? {} : { logging }),
    ...(ipc === undefined || ipc === 'private' || ipc === 'shareable' ? {} : { ipc }),
    ...(cgroup === undefined || cgroup === 'private' ? {} : { cgroup }),
    ...(runtime === undefined || runtime === 'runc' ? {} : { runtime }),
    ...(shmBytes === undefined || shmBytes === defaultShmBytes ? {} : { shmBytes }),
  };
}

/** An entrypoint of one's own drops the command of the image, so what is equal to it then was asked for. */
function askedWords(
  spec: ContainerSpec,
  image: ImageDefaults,
): Pick<ContainerSpec, 'command' | 'entrypoint'> {
  const isOwn = !sameWords(spec.entrypoint, image.entrypoint);
  const command = isOwn || !sameWords(spec.command, image.command) ? spec.command : null;
  const isEmptied = !isOwn && spec.command === null && !sameWords(null, image.command);
  return { entrypoint: isOwn ? (spec.entrypoint ?? []) : null, command: isEmptied ? [] : command };
}

function sameWords(a: readonly string[] | null, b: readonly string[] | null): boolean {
  const [words, others] = [a ?? [], b ?? []];
  return words.length === others.length && words.every((word, index) => word === others[index]);
}

function askedEnvironment(
  { environment }: ContainerSpec,
  image: ImageDefaults,
): ContainerSpec['environment'] {
  const asked = Object.entries(environment).filter(
    ([name, value]) => image.environment[name] !== value,
  );
  return Object.fromEntries(asked.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function askedLabels({ labels }: ContainerSpec, image: ImageDefaults): ContainerSpec['labels'] {
  const asked = Object.entries(labels).filter(
    ([name, value]) => !isOwnLabel(name) && image.labels[name] !== value,
  );
  return Object.fromEntries(asked.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Field by field, as the engine merges them. */
function askedHealthcheck(
  check: HealthcheckSpec | null,
  image: HealthcheckSpec | null,
): HealthcheckSpec | null {
  if (check === null || image === null || check.test?.[0] === 'NONE') return check;
  const asked: HealthcheckSpec = {
    test: sameWords(check.test, image.test) ? null : check.test,
    intervalMs: check.intervalMs === image.intervalMs ? null : check.intervalMs,
    timeoutMs: check.timeoutMs === image.timeoutMs ? null : check.timeoutMs,
    startPeriodMs: check.startPeriodMs === image.startPeriodMs ? null : check.startPeriodMs,
    startIntervalMs: check.startIntervalMs === image.startIntervalMs ? null : check.startIntervalMs,
    retries: check.retries === image.retries ? null : check.retries,
  };
  return Object.values(asked).every((value) => value === null) ? null : asked;
}

/** A volume without a name at a place where the image declares one. */
function isInherited(mount: MountSpec, image: ImageDefaults): boolean {
  return mount.type === 'volume' && mount.source === '' && image.volumes.includes(mount.target);
}

/** Where SELinux would be in the way, the engine takes its label off by itself. */
function isAddedByEngine(option: string, spec: ContainerSpec): boolean {
  const isOpen = spec.privileged === true || spec.pid === 'host' || spec.ipc === 'host';
  return option === 'label=disable' && isOpen;
}

function cleanOrNull(path: string): string | null {
  if (path === '') return null;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
