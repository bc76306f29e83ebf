import { hashSchema, liveDigest } from '../model/hash.ts';
import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import type { ApplicationRecord, JournalEntry, Quarantine } from '../model/journal-state.ts';
import { olderHashes, olderSchemas } from '../model/older-hashes.ts';
import { serviceOn } from '../model/variants.ts';
import { compareImmutable } from '../drift/compare-container.ts';
import type { Instance, Inventory, IsAskedName } from '../drift/identify.ts';
import { takeInventory } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { imageDefaults } from './differences.ts';
import { keyOfHashes, rolloutKey } from './target.ts';
import type { World } from './world.ts';

/** What an older release called by a hash of its own rules, by the name of the application. */
export type KnownVersions = (application: string) => readonly ApplicationSpec[];

/** Versions that the commit asks for, and those that are last-known-good. */
export function knownVersions({
  desired,
  journal,
}: Pick<World, 'desired' | 'journal'>): KnownVersions {
  const byName = new Map(desired.applications.map((spec) => [spec.name, spec]));
  return (application) => {
    const good = journal.applications.get(application)?.lastKnownGood?.spec;
    return [byName.get(application), good].filter((spec) => spec !== undefined);
  };
}

/** The service that an older release gave a hash; null when it is of today, or of a version that is not known. */
export function serviceOf(
  versions: readonly ApplicationSpec[],
  service: string,
  hash: string,
): ServiceSpec | null {
  for (const spec of versions) {
    if (olderHashes(spec).get(service) !== hash) continue;
    const found = spec.services.find(({ name }) => name === service);
    if (found !== undefined) return found;
  }
  return null;
}

/** All that is ours, under the names that manifests give and with the hashes of today. */
export function inventoryOf(world: World): Inventory {
  const versions = knownVersions(world);
  const isAsked: IsAskedName = ({ application, service }, name) =>
    versions(application).some(({ services }) =>
      services.some((one) => one.name === service && one.containerName === name),
    );
  return withCurrentHashes(takeInventory(world.observations, world.journal, isAsked), world);
}

/**
 * The instances with the hashes of today, so that a new release replaces none of them. What a release made whose rules are
 * not known is judged by its fields: it is what the commit asks for when nothing differs that could only be replaced.
 */
function withCurrentHashes(inventory: Inventory, world: World): Inventory {
  const versions = knownVersions(world);
  const instances = inventory.instances.map((instance) => {
    if (instance.identity.hashSchema === hashSchema) return instance;
    const noted = world.journal.instances.get(instance.container.id)?.hash;
    if (noted !== undefined) return { ...instance, hash: noted };
    const { application, service } = instance.identity;
    const known = versions(application);
    const found = olderSchemas.includes(instance.identity.hashSchema)
      ? serviceOf(known, service, instance.hash)
      : sameFields(known, instance, world);
    return found === null ? instance : { ...instance, hash: found.hash };
  });
  return { ...inventory, instances };
}

/** To be noted before last-known-good moves: what an older release called a version by may not be in the new one. */
export function renewalEntries({
  instances,
  world,
}: Pick<ApplicationContext, 'instances' | 'world'>): readonly JournalEntry[] {
  return [...instances.values()].flat().flatMap(({ container, identity, hash, slotKey: slot }) => {
    const isNoted = world.journal.instances.get(container.id)?.hash === hash;
    if (hash === identity.hash || isNoted) return [];
    return [{ kind: 'hash-renewed', slot, container: container.id, hash }];
  });
}

function sameFields(
  versions: readonly ApplicationSpec[],
  instance: Instance,
  world: World,
): ServiceSpec | null {
  const image = imageDefaults(world, instance);
  if (image === null) return null;
  const { host } = instance.container;
  const services = versions.flatMap((spec) => spec.services.map((each) => serviceOn(each, host)));
  const same = services.find(
    ({ name, job, container }) =>
      name === instance.identity.service &&
      job === null &&
      // What files a container was given does not show.
      container.files.length === 0 &&
      compareImmutable(container, instance.container.spec, image).length === 0,
  );
  return same ?? null;
}

/** The journal with the hashes of today, so that a new release forgets no failure and no rollout under way. */
export function withCurrentJournal(world: World): World {
  const { journal } = world;
  const versions = knownVersions(world);
  const renewed = [...journal.applications].flatMap(([name, record]) => {
    if (record.rollout === null && record.quarantined.length === 0) return [];
    const after = renewRecord(record, versions(name));
    return after === record ? [] : [[name, after] as const];
  });
  if (renewed.length === 0) return world;
  const applications = new Map([...journal.applications, ...renewed]);
  return { ...world, journal: { ...journal, applications } };
}

const renewedRecords = new WeakMap<
  ApplicationRecord,
  { readonly versions: readonly ApplicationSpec[]; readonly renewed: ApplicationRecord }
>();

/** The same record as long as the same versions are known. */
function renewRecord(
  record: ApplicationRecord,
  versions: readonly ApplicationSpec[],
): ApplicationRecord {
  const known = renewedRecords.get(record);
  if (known !== undefined && isSameList(known.versions, versions)) return known.renewed;
  const quarantined = record.quarantined.map((failed) => renewQuarantine(failed, versions));
  const rollout = renewRollout(record.rollout, versions);
  const isSame = isSameList(quarantined, record.quarantined) && rollout === record.rollout;
  const renewed = isSame ? record : { ...record, quarantined, rollout };
  renewedRecords.set(record, { versions, renewed });
  return renewed;
}

function renewQuarantine(failed: Quarantine, versions: readonly ApplicationSpec[]): Quarantine {
  if (failed.live !== undefined) return failed;
  const found = serviceOf(versions, failed.service, failed.hash);
  return found === null
    ? failed
    : { ...failed, hash: found.hash, live: liveDigest(found.container) };
}

function renewRollout(
  rollout: ApplicationRecord['rollout'],
  versions: readonly ApplicationSpec[],
): ApplicationRecord['rollout'] {
  const spec = versions.find((each) => rollout?.key === keyOfHashes(olderHashes(each)));
  if (rollout === null || spec === undefined) return rollout;
  const failures = rollout.failures.map((failure) => {
    const found = serviceOf([spec], failure.service, failure.hash);
    return found === null ? failure : { ...failure, hash: found.hash };
  });
  return { ...rollout, key: rolloutKey(spec), failures };
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
