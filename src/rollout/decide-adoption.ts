import { composeLabels } from '../model/adoption.ts';
import type { ApplicationSpec } from '../model/application.ts';
import type { ApplicationRecord, JournalEntry } from '../model/journal-state.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import { reduceJournal } from '../model/journal-reduce.ts';
import type { HostName } from '../model/names.ts';
import type { Difference } from '../drift/assess-instance.ts';
import type { Inventory } from '../drift/identify.ts';
import { inventoryOf } from './older-schemas.ts';
import type { Claim, Claims } from './claims.ts';
import { claimsOf, differingHash, isAdoptable } from './claims.ts';
import { placeAll, targetsOf } from './place-all.ts';
import { isSuspended } from './suspension.ts';
import type { World } from './world.ts';

/** What one application takes on now, or why it cannot. */
export interface Adoption extends Claims {
  readonly application: string;
  /** Why nothing is taken on, and nothing of the application is touched before somebody has decided; null: nothing is in the way. */
  readonly refusal: Refusal | null;
}

interface Refusal {
  /** Somebody has to do something, may have what differs replaced, or a host has to come back. */
  readonly kind: 'decide' | 'differs' | 'wait';
  readonly message: string;
}

/** For each application that is to take on containers, sorted as the applications are. */
export function decideAdoptions(world: World): readonly Adoption[] {
  // Of a suspended application nothing changes, not even whose its containers are.
  const adopting = world.desired.applications.filter(
    (spec) =>
      spec.adopt !== undefined && !isSuspended({ desired: spec, record: recordOf(world, spec) }),
  );
  if (adopting.length === 0) return [];
  const inventory = inventoryOf(world);
  const adoptions = withoutRivals(adopting.map((spec) => adoptionOf(world, inventory, spec)));
  return adoptions.some(({ claims }) => claims.length > 0)
    ? whereTheyBelong(world, adoptions)
    : adoptions;
}

/** Two applications may share a project, but no container of it. */
function withoutRivals(adoptions: readonly Adoption[]): readonly Adoption[] {
  return adoptions.map((adoption) => {
    const rivals = adoptions.filter((other) => other !== adoption);
    const contested = adoption.claims.find(({ container }) =>
      rivals.some(({ claims }) => claims.some((claim) => claim.container.id === container.id)),
    );
    if (contested === undefined) return adoption;
    const names = rivals
      .filter(({ claims }) =>
        claims.some(({ container }) => container.id === contested.container.id),
      )
      .map(({ application }) => `"${application}"`);
    const message = `${describe(contested)} is named by ${names.join(', ')} too: let one of them adopt it`;
    return { ...adoption, refusal: decide(message) };
  });
}

/** Entries that take on what needs no word of anybody: the commit names it, and it is as the commit asks. */
export function adoptionEntries(adoptions: readonly Adoption[]): readonly JournalEntry[] {
  return adoptions
    .filter(({ refusal }) => refusal === null)
    .flatMap(({ claims }) => claims.map(entryOf));
}

/** Entries that take on all, also what differs: the rollout replaces that. */
export function replacingEntries({ claims, superseded }: Adoption): readonly JournalEntry[] {
  return [...claims, ...superseded].map(entryOf);
}

function entryOf(claim: Claim): JournalEntry {
  const { key, container, service } = claim;
  const hash = isAdoptable(claim) ? service.hash : differingHash(container);
  return {
    kind: 'instance-adopted',
    slot: key,
    container: container.id,
    name: container.name,
    host: container.host,
    adopted: { hash, labels: composeLabels(container.labels) },
  };
}

function adoptionOf(world: World, inventory: Inventory, spec: ApplicationSpec): Adoption {
  const { adopt, name: application } = spec;
  if (adopt === undefined) throw new Error(`application "${application}" takes nothing on`);
  const own = inventory.instances.filter(({ identity }) => identity.application === application);
  const taken = new Set(own.map(({ slotKey }) => slotKey));
  const claims = claimsOf(world, spec, adopt, inventory.strangers, taken);
  const refusal =
    whyUnseen(world, spec, own.length > 0) ??
    whyNone(world, spec, claims, own.length > 0) ??
    whyContested(claims) ??
    whyDifferent(spec, claims);
  return { application, ...claims, refusal };
}

/** Before anything of it has begun, what cannot be seen may be what it is to take on. */
function whyUnseen(world: World, spec: ApplicationSpec, hasInstances: boolean): Refusal | null {
  const only = spec.adopt?.host ?? null;
  const { hosts } = world.desired.fleet;
  if (only !== null && !hosts.some(({ name }) => name === only)) {
    return decide(`x-fleetwright.adopt names host "${only}", which is not in fleet.yaml`);
  }
  if (hasInstances || hasBegun(world, spec)) return null;
  const away = hosts
    .map(({ name }) => name)
    .filter((name) => only === null || name === only)
    .find((name) => world.observations.get(name)?.kind !== 'reachable');
  if (away === undefined) return null;
  const message = `host "${away}" cannot be seen: what is to be adopted may be there`;
  return { kind: 'wait', message };
}

/** A name that is spelt wrong must not make a second application beside the one that runs. */
function whyNone(
  world: World,
  spec: ApplicationSpec,
  { claims, superseded }: Claims,
  hasInstances: boolean,
): Refusal | null {
  if (claims.length + superseded.length > 0 || hasInstances || hasBegun(world, spec)) return null;
  const { composeProject = null, host = null } = spec.adopt ?? {};
  const what =
    composeProject === null
      ? 'none of the containers'
      : `no container of a service of Compose project "${composeProject}"`;
  const where = host === null ? 'on any host' : `on host "${host}"`;
  return decide(
    `${what} that x-fleetwright.adopt names is ${where}: correct it, or take "adopt" out to deploy anew`,
  );
}

function recordOf({ journal }: World, { name }: ApplicationSpec): ApplicationRecord {
  return journal.applications.get(name) ?? emptyApplicationRecord;
}

function hasBegun(world: World, spec: ApplicationSpec): boolean {
  const { lastKnownGood, rollout } = recordOf(world, spec);
  return lastKnownGood !== null || rollout !== null;
}

function whyContested({ claims }: Claims): Refusal | null {
  const holders = new Map<string, Claim>();
  for (const claim of claims) {
    const other = holders.get(claim.key);
    if (other !== undefined) {
      return decide(
        `${describe(other)} and ${describe(claim)} both claim slot ${claim.service.name}/${claim.slot}: remove one, or name the right one under x-fleetwright.adopt`,
      );
    }
    holders.set(claim.key, claim);
  }
  return null;
}

function whyDifferent(spec: ApplicationSpec, { claims }: Claims): Refusal | null {
  const differing = claims.filter((claim) => !isAdoptable(claim));
  const [first] = differing;
  if (first === undefined) return null;
  const paths = first.differences.filter(({ remedy }) => remedy.kind === 'replace');
  const fields = paths.map(({ path }) => path).join(', ');
  const more = differing.length > 1 ? `, and so do ${differing.length - 1} more` : '';
  return differs(
    `${describe(first)} differs in ${fields}${more}: correct the manifest, or say "fleetwright adopt ${spec.name} --replace" to have it replaced`,
  );
}

function describe({ container }: Claim): string {
  return `container "${container.name}" on host "${container.host}"`;
}

function decide(message: string): Refusal {
  return { kind: 'decide', message };
}

function differs(message: string): Refusal {
  return { kind: 'differs', message };
}

/** One that placement would have on another host is not as the manifest asks either. */
function whereTheyBelong(world: World, adoptions: readonly Adoption[]): readonly Adoption[] {
  const entries = adoptions.flatMap(({ claims }) => claims.map(entryOf));
  const trial = { ...world, journal: entries.reduce(reduceJournal, world.journal) };
  const inventory = inventoryOf(trial);
  const { placement } = placeAll(trial, targetsOf(trial), inventory);
  const { assignments } = placement;
  return adoptions.map((adoption) => {
    const claims = adoption.claims.map((claim) => placed(claim, assignments.get(claim.key)));
    const spec = world.desired.applications.find(({ name }) => name === adoption.application);
    const misplaced = spec === undefined ? null : whyDifferent(spec, { ...adoption, claims });
    return { ...adoption, claims, refusal: adoption.refusal ?? misplaced };
  });
}

function placed(claim: Claim, host: HostName | undefined): Claim {
  const isSurplus = claim.differences.some(({ path }) => path === 'deploy.replicas');
  if (host === claim.container.host || isSurplus) return claim;
  const difference: Difference = {
    class: 'immutable-field',
    path: 'deploy.placement',
    desired: host ?? null,
    observed: claim.container.host,
    remedy: { kind: 'replace' },
    note: 'placement gives its slot another host',
  };
  return { ...claim, differences: [difference, ...claim.differences] };
}
