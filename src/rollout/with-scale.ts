import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import type { ApplicationRecord } from '../model/journal-state.ts';
import { slotKey } from '../model/labels.ts';
import { mapVersions } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import type { World } from './world.ts';

/**
 * The world with the numbers that load has come to, in what the commit asks for and in last-known-good. All that is decided goes
 * by them, as if they were written: so they are no drift.
 *
 * @param instances by application
 */
export function withScale(
  world: World,
  instances: ReadonlyMap<string, readonly Instance[]>,
): World {
  const { desired, journal } = world;
  const scale = (spec: ApplicationSpec): ApplicationSpec =>
    scaled(spec, journal.applications.get(spec.name), instances.get(spec.name) ?? []);
  const applications = desired.applications.map(scale);
  const isAsWritten = applications.every((spec, at) => spec === desired.applications[at]);
  const records = [...journal.applications].flatMap(([name, record]) => {
    const { lastKnownGood: good } = record;
    const spec = good === null ? null : scale(good.spec);
    if (good === null || spec === null || spec === good.spec) return [];
    return [[name, { ...record, lastKnownGood: { ...good, spec } }] as const];
  });
  if (isAsWritten && records.length === 0) return world;
  return {
    ...world,
    desired: { ...desired, applications },
    journal: { ...journal, applications: new Map([...journal.applications, ...records]) },
  };
}

const known = new WeakMap<ApplicationSpec, ApplicationSpec>();

/** The same object as long as the numbers are the same: what is known of it hangs on it. */
function scaled(
  spec: ApplicationSpec,
  record: ApplicationRecord | undefined,
  instances: readonly Instance[],
): ApplicationSpec {
  if (spec.services.every(({ autoscale }) => autoscale === undefined)) return spec;
  const before = known.get(spec) ?? spec;
  const services = spec.services.map((service, at) => {
    const replicas = numberOf(spec.name, service, record, instances);
    const last = before.services[at];
    if (last?.replicas === replicas) return last;
    return mapVersions(service, (version) => ({ ...version, replicas }));
  });
  if (services.every((service, at) => service === before.services[at])) return before;
  const after = { ...spec, services };
  known.set(spec, after);
  return after;
}

/** Where nothing is remembered, as many as run: what serves is not taken away for what is written to start with. */
function numberOf(
  application: string,
  { name, autoscale, replicas }: ServiceSpec,
  record: ApplicationRecord | undefined,
  instances: readonly Instance[],
): number {
  if (autoscale === undefined) return replicas;
  const { min, max } = autoscale;
  const number = record?.scales?.[name]?.replicas ?? slotsInUse(application, name, instances);
  return Math.min(max, Math.max(min, number === 0 ? replicas : number));
}

/** The highest slot that runs: on a host that cannot be seen there may be others below it. */
function slotsInUse(application: string, service: string, instances: readonly Instance[]): number {
  const prefix = slotKey({ application, service, slot: '' });
  const slots = instances.flatMap(({ slotKey: key, container }) => {
    const isRunning = key.startsWith(prefix) && container.state === 'running';
    return isRunning ? [Number(key.slice(prefix.length))] : [];
  });
  return Math.max(0, ...slots.filter((slot) => Number.isSafeInteger(slot)));
}
