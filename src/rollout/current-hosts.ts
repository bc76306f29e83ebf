import type { ServiceSpec } from '../model/application.ts';
import { slotKey } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import { serviceOn } from '../model/variants.ts';
import type { Instance, Inventory } from '../drift/identify.ts';
import { fencedAt } from './host-standing.ts';
import type { Target } from './target.ts';
import type { World } from './world.ts';

/**
 * Where each slot is now, by slot key. A slot stays where an instance of the version that it is to have has been promoted;
 * else where it was given to, and where no record tells, or nothing of it is left there, where its instances are.
 */
export function currentHosts(
  world: World,
  targets: readonly Target[],
  { instances }: Inventory,
): ReadonlyMap<string, HostName> {
  const wanted = wantedServices(targets);
  const current = new Map<string, HostName>();
  for (const [key, list] of groupBySlot(instances)) {
    current.set(key, instanceHost(world, key, list, wanted));
  }
  for (const [key, { host, evicted }] of world.journal.slots) {
    // What has made room is nowhere, and has no more claim to the host than anything new.
    const hasLeft = evicted !== undefined && world.observations.get(host)?.kind === 'reachable';
    if (!current.has(key) && !hasLeft) current.set(key, host);
  }
  for (const key of staleHooks(world, targets, current)) current.delete(key);
  return current;
}

/** Keys of slots of which nothing is left where they were last. */
export function vacantSlots(
  { observations }: World,
  current: ReadonlyMap<string, HostName>,
  { instances }: Inventory,
): ReadonlySet<string> {
  const there = new Set(instances.map(({ slotKey: key }) => key));
  const vacant = new Set<string>();
  for (const [key, host] of current) {
    if (!there.has(key) && observations.get(host)?.kind === 'reachable') vacant.add(key);
  }
  return vacant;
}

/** Slots of hooks whose version has not been given a host yet: where the one before it has run says nothing. */
function staleHooks(
  { journal }: World,
  targets: readonly Target[],
  current: ReadonlyMap<string, HostName>,
): readonly string[] {
  return targets.flatMap(({ spec }) =>
    spec.services
      .filter(({ job }) => job?.of !== undefined)
      .map(({ name, hash }) => [
        slotKey({ application: spec.name, service: name, slot: '1' }),
        hash,
      ])
      .filter(([key = '', hash]) => current.has(key) && journal.slots.get(key)?.hash !== hash)
      .map(([key = '']) => key),
  );
}

function instanceHost(
  world: World,
  key: string,
  instances: readonly [Instance, ...Instance[]],
  wanted: ReadonlyMap<string, ServiceSpec>,
): HostName {
  const { application, service } = instances[0].identity;
  const asked = wanted.get(`${application}/${service}`);
  const hashOn = (host: HostName): string | undefined => asked && serviceOn(asked, host).hash;
  const promoted = instances.filter(({ container }) => container.restart.name !== 'no');
  const settled = holderOf(
    world,
    promoted.filter(({ hash, container }) => hash === hashOn(container.host)),
  );
  if (settled !== undefined) return settled.container.host;
  const record = world.journal.slots.get(key);
  if (record === undefined) return (promoted[0] ?? instances[0]).container.host;
  const isThere = instances.some(({ container }) => container.host === record.host);
  const isSeen = world.observations.get(record.host)?.kind === 'reachable';
  const isComing = record.hash === hashOn(record.host);
  if (isThere || !isSeen || isComing) return record.host;
  return (promoted[0] ?? instances[0]).container.host;
}

/**
 * The one of several instances of one version that fills the slot, as when a host is back whose slots were given to others:
 * none of a fenced host, then one that is well, then the highest epoch, then the one that was started first.
 */
function holderOf(world: World, twins: readonly Instance[]): Instance | undefined {
  return twins
    .filter((one) => !isFenced(world, one))
    .toSorted(
      (a, b) =>
        Number(isWell(b)) - Number(isWell(a)) ||
        b.identity.epoch - a.identity.epoch ||
        (a.container.startedAt ?? 0) - (b.container.startedAt ?? 0),
    )[0];
}

function isFenced(world: World, { container }: Instance): boolean {
  return fencedAt(world, container.host) !== null;
}

function isWell({ container }: Instance): boolean {
  const { state, health } = container;
  return state === 'running' && (health === 'healthy' || health === 'none');
}

function wantedServices(targets: readonly Target[]): ReadonlyMap<string, ServiceSpec> {
  return new Map(
    targets.flatMap(({ spec }) =>
      spec.services.map((each): [string, ServiceSpec] => [`${spec.name}/${each.name}`, each]),
    ),
  );
}

function groupBySlot(
  instances: readonly Instance[],
): ReadonlyMap<string, readonly [Instance, ...Instance[]]> {
  const groups = new Map<string, [Instance, ...Instance[]]>();
  for (const instance of instances) {
    const group = groups.get(instance.slotKey);
    if (group === undefined) groups.set(instance.slotKey, [instance]);
    else group.push(instance);
  }
  return groups;
}
