import type { ServiceSpec } from '../model/application.ts';
import type { Shares } from '../model/container.ts';
import { slotKey } from '../model/labels.ts';
import { sharedSlot } from '../model/shared-slot.ts';
import type { ContainerId } from '../model/names.ts';
import type { Instance } from '../drift/identify.ts';

/** Of a slot view, what matters to those that share something with it. */
interface SharedView {
  readonly service: ServiceSpec;
  readonly phase: { readonly kind: string };
  readonly current: Instance | null;
}

interface SharingContext {
  readonly application: string;
  readonly shared: ReadonlyMap<string, SharedView>;
}

type Kind = keyof Shares;

/** What an instance of a slot shares, and with which instance; null: there is none to join now. */
interface Share {
  readonly kind: Kind;
  readonly service: string;
  readonly joinable: Instance | null;
}

function sharesOf(
  context: SharingContext,
  { container }: ServiceSpec,
  slot: string,
): readonly Share[] {
  const { volumes = [], ...namespaces } = container.shares ?? {};
  const named = [
    ...(Object.entries(namespaces) as [Kind, string][]),
    ...volumes.map(({ from }): [Kind, string] => ['volumes', from]),
  ];
  return named.map(([kind, service]) => {
    return { kind, service, joinable: joinableOf(viewOf(context, service, slot), kind) };
  });
}

/** The slot whose instance a slot shares something with: that of the same name, or the only one of the service. */
function viewOf(
  { application, shared }: SharingContext,
  service: string,
  slot: string,
): SharedView | undefined {
  const own = shared.get(slotKey({ application, service, slot }));
  const only = shared.get(slotKey({ application, service, slot: '1' }));
  return only !== undefined && sharedSlot(only.service, slot) === '1' ? only : own;
}

/** One that has passed its gate and runs; mounts are there also when it does not. */
function joinableOf(view: SharedView | undefined, kind: Kind): Instance | null {
  if (view?.phase.kind !== 'promoted' || view.current === null) return null;
  const { state } = view.current.container;
  return state === 'running' || (kind === 'volumes' && state === 'exited') ? view.current : null;
}

/**
 * It shares something with a container that is not there any more, or was started anew since: to join that one it has to be
 * made anew. As long as there is none to join it is left as it is. Mounts stay the same when it is started anew.
 */
export function isStray(
  context: SharingContext,
  service: ServiceSpec,
  { container, identity }: Instance,
): boolean {
  return sharesOf(context, service, identity.slot).some(({ kind, joinable }) => {
    if (joinable === null) return false;
    const { id, startedAt } = joinable.container;
    if (!joinedBy(container.spec.shares ?? {}, kind).includes(id)) return true;
    const isOlder = container.startedAt !== null && container.startedAt < (startedAt ?? 0);
    return kind !== 'volumes' && isOlder;
  });
}

/** The containers with which a container shares something of a kind. */
function joinedBy(shares: Shares, kind: Kind): readonly string[] {
  if (kind === 'volumes') return (shares.volumes ?? []).map(({ from }) => from);
  return [shares[kind] ?? ''];
}

/** The service with the containers that the next instance of a slot is to join; a text: why there is none yet. */
export function withShared(
  context: SharingContext,
  service: ServiceSpec,
  slot: string,
): ServiceSpec | string {
  const { container } = service;
  if (container.shares === undefined) return service;
  const ids = new Map<string, ContainerId>();
  for (const { kind, service: name, joinable } of sharesOf(context, service, slot)) {
    if (joinable === null) return `service "${name}", which it shares with, is not in place`;
    ids.set(`${kind} ${name}`, joinable.container.id);
  }
  const idOf = (kind: Kind, name: string): string => ids.get(`${kind} ${name}`) ?? name;
  return { ...service, container: { ...container, shares: withIds(container.shares, idOf) } };
}

function withIds(shares: Shares, idOf: (kind: Kind, name: string) => string): Shares {
  const { volumes, ...namespaces } = shares;
  const joined = Object.entries(namespaces).map(([kind, name]) => [kind, idOf(kind as Kind, name)]);
  const mounted = volumes?.map((each) => ({ ...each, from: idOf('volumes', each.from) }));
  return {
    ...(Object.fromEntries(joined) as Shares),
    ...(mounted === undefined ? {} : { volumes: mounted }),
  };
}
