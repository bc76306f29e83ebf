import type { ServiceSpec } from '../model/application.ts';
import type { Resources } from '../model/container.ts';
import { liveStamps } from '../model/file-stamps.ts';
import type { Action, Telling } from '../model/step.ts';
import type { Remedy } from '../drift/assess-instance.ts';
import type { LiveDifference } from '../drift/compare-files.ts';
import { compareLiveFiles } from '../drift/compare-files.ts';
import type { Instance } from '../drift/identify.ts';
import type { IgnoredDifference } from './differences.ts';
import { guardOf } from './retire.ts';

/** A step that makes sense in whatever state a container is, but while it is removed. */
export const anyState = ['created', 'running', 'restarting', 'paused', 'exited'] as const;

/** The step that a remedy asks for; null for those that are no step on the instance itself. */
export function remedyAction(
  remedy: Remedy,
  instance: Instance,
  service: ServiceSpec,
  ignored: readonly IgnoredDifference[] = [],
): Action | null {
  const name = instance.container.name;
  switch (remedy.kind) {
    case 'start':
      return {
        kind: 'start-container',
        guard: guardOf(instance, ['created', 'exited']),
        name,
        service: null,
      };
    case 'unpause':
      return { kind: 'unpause-container', guard: guardOf(instance, ['paused']), name };
    case 'rename':
      return {
        kind: 'rename-container',
        guard: guardOf(instance, anyState),
        name,
        to: remedy.to,
      };
    case 'connect':
      return {
        kind: 'connect-network',
        guard: guardOf(instance, anyState),
        name,
        attachment: remedy.attachment,
      };
    case 'disconnect':
      return {
        kind: 'disconnect-network',
        guard: guardOf(instance, anyState),
        name,
        network: remedy.network,
      };
    case 'update-resources':
      return {
        kind: 'update-container',
        guard: guardOf(instance, anyState),
        name,
        restart: null,
        resources: resourcesToSet(instance, service, ignored),
      };
    case 'update-restart':
      return {
        kind: 'update-container',
        guard: guardOf(instance, anyState),
        name,
        restart: service.container.restart,
        resources: null,
      };
    case 'deliver':
      return deliverFiles(instance, service, ignored);
    case 'replace':
    case 'none':
    case 'withheld':
      return null;
  }
}

/** All files are written at once, and the instance is told of them once: who is started anew needs no signal. */
function deliverFiles(
  instance: Instance,
  service: ServiceSpec,
  ignored: readonly IgnoredDifference[],
): Action | null {
  const { container } = instance;
  const leftAlone = new Set(ignored.map(({ difference }) => difference.path));
  const files = compareLiveFiles(service, container).filter(({ path }) => !leftAlone.has(path));
  if (files.length === 0) return null;
  const targets = files.map(({ target }) => target);
  const wanted = liveStamps(service.container);
  const renewed = Object.entries(wanted).filter(([target]) => targets.includes(target));
  return {
    kind: 'deliver-files',
    guard: guardOf(instance, ['created', 'running', 'restarting', 'exited']),
    name: container.name,
    service,
    targets,
    telling: tellingOf(files),
    told: { ...container.told, ...Object.fromEntries(renewed) },
  };
}

function tellingOf(files: readonly LiveDifference[]): Telling {
  const signals = files.flatMap(({ onChange }) =>
    onChange.kind === 'signal' ? [onChange.signal] : [],
  );
  return signals.length < files.length
    ? { kind: 'restart' }
    : { kind: 'signal', signals: [...new Set(signals)].toSorted() };
}

/** All limits are set at once: those that are left alone are set to what they are. */
function resourcesToSet(
  { container }: Instance,
  service: ServiceSpec,
  ignored: readonly IgnoredDifference[],
): Resources {
  const leftAlone = ignored.flatMap(({ difference }) => resourceFields[difference.path] ?? []);
  const asTheyAre = leftAlone.map((field) => [field, container.spec.resources[field]] as const);
  return { ...service.container.resources, ...Object.fromEntries(asTheyAre) };
}

const resourceFields: Readonly<Record<string, keyof Resources>> = {
  'deploy.resources.limits.memory': 'memoryBytes',
  'deploy.resources.limits.cpus': 'nanoCpus',
  'deploy.resources.limits.pids': 'pids',
  'deploy.resources.reservations.memory': 'memoryReservationBytes',
  memswap_limit: 'memorySwapBytes',
  cpu_period: 'cpuPeriod',
  cpu_shares: 'cpuShares',
  cpuset: 'cpuset',
  'blkio_config.weight': 'blockWeight',
};

/** What the engine does with a HEALTHCHECK that leaves these out, in milliseconds. */
const checkDefaults = { intervalMs: 30_000, timeoutMs: 30_000 };

/**
 * When the HEALTHCHECK of a repaired instance has run again at the latest, in milliseconds since the epoch: the engine calls
 * a paused container unhealthy, and goes on to do so until then.
 */
export function recheckedAt(
  { record }: { readonly record: { readonly lastRepairAt: number } | undefined },
  { container }: Instance,
): number {
  const { intervalMs = null, timeoutMs = null } = container.spec.healthcheck ?? {};
  const checkMs = (intervalMs ?? checkDefaults.intervalMs) + (timeoutMs ?? checkDefaults.timeoutMs);
  return (record?.lastRepairAt ?? 0) + checkMs;
}

const repairDelaysMs = [0, 2_000, 6_000, 18_000, 54_000, 162_000, 300_000] as const;
const forgetRepairsAfterMs = 10 * 60_000;

/** How many repairs in a row a slot has had; they are forgotten after ten good minutes. */
export function repairsInARow(
  record: { readonly repairs: number; readonly lastRepairAt: number } | undefined,
  now: number,
): number {
  if (record === undefined || now - record.lastRepairAt > forgetRepairsAfterMs) return 0;
  return record.repairs;
}

/** When the next repair of a slot may begin: at once for the first, then ever later, up to five minutes. */
export function nextRepairAt(
  record: { readonly repairs: number; readonly lastRepairAt: number } | undefined,
  now: number,
): number {
  const repairs = repairsInARow(record, now);
  if (record === undefined || repairs === 0) return now;
  return record.lastRepairAt + repairDelayMs(repairs);
}

/** The pause before the next try after so many in a row, in milliseconds: none before the first, at most five minutes. */
export function repairDelayMs(tries: number): number {
  return repairDelaysMs[Math.min(tries, repairDelaysMs.length - 1)] ?? 0;
}
