import type {
  ContainerSpec,
  HealthcheckSpec,
  MountSpec,
  PortSpec,
  SharedVolumes,
} from '../model/container.ts';
import type { DriftValue } from '../model/drift.ts';
import type { ImageDefaults } from '../model/observation.ts';
import { digestIn, familiarReference, withoutDigest } from '../model/image.ts';
import { isOwnLabel } from '../model/labels.ts';
import { compareSettings } from './compare-settings.ts';
import { expectedContainer } from './expected-container.ts';
import type { FieldDifference } from './field-difference.ts';

/**
 * The fields that the engine can only set at create, compared by the rules of semantics §11: what a manifest leaves open
 * is not compared unless it opens the container to the outside (mounts, ports, capabilities), where open means closed.
 */
export function compareImmutable(
  desired: ContainerSpec,
  observed: ContainerSpec,
  image: ImageDefaults,
): readonly FieldDifference[] {
  const expected = expectedContainer(desired, image);
  const wantedLabels = withoutOwn(expected.labels);
  return [
    ...compareImages(desired, observed),
    ...compareValues('command', expected.command, observed.command),
    ...compareValues('entrypoint', expected.entrypoint, observed.entrypoint),
    ...compareMaps('environment', expected.environment, observed.environment),
    ...compareMaps('labels', wantedLabels, presentLabels(observed.labels, wantedLabels)),
    ...compareValues('user', expected.user, observed.user),
    ...compareValues('working_dir', expected.workingDir, observed.workingDir),
    ...compareIfSet('hostname', expected.hostname, observed.hostname),
    ...compareIfSet('init', expected.init, observed.init),
    ...compareValues('read_only', expected.readOnly, observed.readOnly),
    ...compareValues('cap_add', expected.capAdd, observed.capAdd),
    ...compareValues('cap_drop', expected.capDrop, observed.capDrop),
    ...compareValues('security_opt', expected.securityOpt, askedOptions(expected, observed)),
    ...compareSettings(expected, observed),
    ...compareHealthchecks(expected.healthcheck, observed.healthcheck),
    ...comparePorts(expected.ports, observed.ports),
    ...compareMounts(expected.mounts, observed.mounts),
    ...compareVolumesFrom(expected.shares, observed.shares),
    ...compareIfSet('stop_signal', signal(expected.stopSignal), signal(observed.stopSignal)),
  ];
}

/** The reference as it was asked for; two spellings of one are no difference, nor is the digest that we pinned it to. */
export function compareImages(
  desired: ContainerSpec,
  observed: ContainerSpec,
): readonly FieldDifference[] {
  const made = digestIn(desired.image) === null ? withoutDigest(observed.image) : observed.image;
  const isSame = familiarReference(desired.image) === familiarReference(made);
  return isSame ? [] : [{ path: 'image', desired: desired.image, observed: observed.image }];
}

/** Fields that `docker update` changes in a running container. A limit that is not asked for must not be there. */
export function compareResources(
  desired: ContainerSpec['resources'],
  observed: ContainerSpec['resources'],
): readonly FieldDifference[] {
  return [
    ...compareValues('deploy.resources.limits.memory', desired.memoryBytes, observed.memoryBytes),
    ...compareValues('deploy.resources.limits.cpus', desired.nanoCpus, observed.nanoCpus),
    ...compareValues('deploy.resources.limits.pids', desired.pids, observed.pids),
    ...compareValues(
      'deploy.resources.reservations.memory',
      desired.memoryReservationBytes,
      observed.memoryReservationBytes,
    ),
    ...compareSwap(desired.memorySwapBytes ?? null, observed.memorySwapBytes ?? null),
    ...compareValues('cpu_period', desired.cpuPeriod ?? null, observed.cpuPeriod ?? null),
    ...compareValues('cpu_shares', desired.cpuShares ?? null, observed.cpuShares ?? null),
    ...compareValues('cpuset', desired.cpuset ?? null, observed.cpuset ?? null),
    ...compareBlockWeight(desired.blockWeight ?? null, observed.blockWeight ?? null),
  ];
}

/** Left open it is the engine's; and -1 is also what a host without accounting of swap makes of any limit. */
function compareSwap(desired: number | null, observed: number | null): readonly FieldDifference[] {
  return observed === -1 ? [] : compareIfSet('memswap_limit', desired, observed);
}

/** A kernel that does not know weights drops one with a warning: that it is not there says nothing. */
function compareBlockWeight(
  desired: number | null,
  observed: number | null,
): readonly FieldDifference[] {
  return observed === null ? [] : compareValues('blkio_config.weight', desired, observed);
}

/** The options that somebody asked for: the engine adds `label=disable` where SELinux would be in the way of the rest. */
function askedOptions(desired: ContainerSpec, observed: ContainerSpec): readonly string[] {
  const isOpen = observed.privileged === true || observed.pid === 'host' || observed.ipc === 'host';
  const isAsked = (option: string): boolean => desired.securityOpt.includes(option);
  const options = observed.securityOpt.filter(
    (option) => option !== 'label=disable' || !isOpen || isAsked(option),
  );
  // What is privileged sees all paths anyway.
  const isImplied =
    observed.privileged === true && isAsked(allPaths) && !options.includes(allPaths);
  return isImplied ? [...options, allPaths].toSorted() : options;
}

const allPaths = 'systempaths=unconfined';

type Scalar = string | number | boolean | null;

function compareValues(
  path: string,
  desired: DriftValue,
  observed: DriftValue,
): readonly FieldDifference[] {
  return sameValue(desired, observed) ? [] : [{ path, desired, observed }];
}

function compareIfSet(path: string, desired: Scalar, observed: Scalar): readonly FieldDifference[] {
  return desired === null ? [] : compareValues(path, desired, observed);
}

function compareMaps(
  path: string,
  desired: Readonly<Record<string, string | null>>,
  observed: Readonly<Record<string, string | null>>,
): readonly FieldDifference[] {
  const keys = [...new Set([...Object.keys(desired), ...Object.keys(observed)])].toSorted();
  return keys.flatMap((key) =>
    compareValues(`${path}.${key}`, desired[key] ?? null, observed[key] ?? null),
  );
}

/** An image that Compose built carries Compose's labels, and ours come over them. */
function withoutOwn(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !isOwnLabel(key)));
}

/** Of the labels that are there, those that the manifest or the image sets; what other tools add is theirs. */
function presentLabels(
  observed: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(observed).filter(([key]) => Object.hasOwn(wanted, key)));
}

const healthcheckDefaults = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  retries: 3,
} as const;

function compareHealthchecks(
  desired: HealthcheckSpec | null,
  observed: HealthcheckSpec | null,
): readonly FieldDifference[] {
  if (isDisabled(desired) && isDisabled(observed)) return [];
  return [
    ...compareValues('healthcheck.test', desired?.test ?? null, observed?.test ?? null),
    ...compareTiming('healthcheck.interval', 'intervalMs', desired, observed),
    ...compareTiming('healthcheck.timeout', 'timeoutMs', desired, observed),
    ...compareTiming('healthcheck.start_period', 'startPeriodMs', desired, observed),
    ...compareStartInterval(desired, observed),
    ...compareTiming('healthcheck.retries', 'retries', desired, observed),
  ];
}

/** What it is when nobody says it depends on the engine: `interval` with Docker 25 and 26, 5 s with newer ones. */
function compareStartInterval(
  desired: HealthcheckSpec | null,
  observed: HealthcheckSpec | null,
): readonly FieldDifference[] {
  const path = 'healthcheck.start_interval';
  return compareValues(path, desired?.startIntervalMs ?? null, observed?.startIntervalMs ?? null);
}

function isDisabled(check: HealthcheckSpec | null): boolean {
  return check === null || check.test?.[0] === 'NONE';
}

function compareTiming(
  path: string,
  field: keyof typeof healthcheckDefaults,
  desired: HealthcheckSpec | null,
  observed: HealthcheckSpec | null,
): readonly FieldDifference[] {
  const value = (check: HealthcheckSpec | null): number =>
    check?.[field] ?? healthcheckDefaults[field];
  return compareValues(path, value(desired), value(observed));
}

function comparePorts(
  desired: readonly PortSpec[],
  observed: readonly PortSpec[],
): readonly FieldDifference[] {
  // A free port may also have been published for the gate's probe, which no manifest lists.
  const asked = new Set(desired.map(formatPort));
  const extra = observed.filter((port) => port.published !== '' || asked.has(formatPort(port)));
  return compareValues('ports', desired.map(formatPort), extra.map(formatPort));
}

function formatPort(port: PortSpec): string {
  const address = port.hostIp === '' || port.hostIp === '0.0.0.0' ? '' : `${port.hostIp}:`;
  const published = port.published === '' || port.published === '0' ? '' : `${port.published}:`;
  return `${address}${published}${port.target}/${port.protocol}`;
}

function compareMounts(
  desired: readonly MountSpec[],
  observed: readonly MountSpec[],
): readonly FieldDifference[] {
  // Anonymous volumes come from the image too: they are not compared unless they are asked for.
  const targets = new Set(desired.map((mount) => mount.target));
  const relevant = observed.filter(
    (mount) => targets.has(mount.target) || mount.type !== 'volume' || mount.source !== '',
  );
  return compareValues('volumes', desired.map(formatMount), relevant.map(formatMount));
}

/** Whether it has mounts of others; of whom only the instances tell that are there now (see isStray). */
function compareVolumesFrom(
  desired: ContainerSpec['shares'],
  observed: ContainerSpec['shares'],
): readonly FieldDifference[] {
  const [wanted, there] = [desired, observed].map((shares) => (shares?.volumes ?? []).map(words));
  const isSame = wanted?.length === there?.length;
  return isSame ? [] : compareValues('volumes_from', wanted ?? [], there ?? []);
}

function words({ from, readOnly }: SharedVolumes): string {
  return readOnly ? `${from}:ro` : from;
}

function formatMount(mount: MountSpec): string {
  const mode = mount.readOnly ? ':ro' : '';
  const source = mount.type === 'tmpfs' ? 'tmpfs' : mount.source;
  const folder = 'subpath' in mount ? `/${mount.subpath}` : '';
  return `${source}${folder}:${mount.target}${mode}`;
}

/** `SIGTERM`, `TERM` and `15` are one signal; unset is SIGTERM. */
function signal(name: string | null): string | null {
  if (name === null) return null;
  const bare = name.toUpperCase().replace(/^SIG/, '');
  return signalNumbers[bare] ?? bare;
}

const signalNumbers: Readonly<Record<string, string>> = {
  '1': 'HUP',
  '2': 'INT',
  '3': 'QUIT',
  '9': 'KILL',
  '10': 'USR1',
  '12': 'USR2',
  '15': 'TERM',
};

function sameValue(a: DriftValue, b: DriftValue): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
