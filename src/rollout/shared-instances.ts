import type { ServiceSpec } from '../model/application.ts';
import type { Shares } from '../model/container.ts';
import { slotKey } from '../model/labels.ts';
import { sharedSlot } from '../model/shared-slot.ts';
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

/** The slots whose instances an instance of a slot shares something with, by what it shares. */
function sharedViews(
  { application, shared }: SharingContext,
  { container }: ServiceSpec,
  slot: string,
): readonly (readonly [keyof Shares, SharedView | undefined, string])[] {
  const kinds = Object.entries(container.shares ?? {}) as [keyof Shares, string][];
  return kinds.map(([kind, service]) => {
    const own = shared.get(slotKey({ application, service, slot }));
    const only = shared.get(slotKey({ application, service, slot: '1' }));
    const view = only !== undefined && sharedSlot(only.service, slot) === '1' ? only : own;
    return [kind, view, service];
  });
}

/**
 * It shares something with a container that is not there any more, or was started anew since: to join that one it has to be
 * made anew. As long as there is none to join it is left as it is.
 */
export function isStray(
  context: SharingContext,
  service: ServiceSpec,
  { container, identity }: Instance,
): boolean {
  return sharedViews(context, service, identity.slot).some(([kind, view]) => {
    const joinable = joinableOf(view);
    if (joinable === null) return false;
    const isOther = container.spec.shares?.[kind] !== joinable.container.id;
    const isOlder =
      container.startedAt !== null && container.startedAt < (joinable.container.startedAt ?? 0);
    return isOther || isOlder;
  });
}

/** The service with the containers that the next instance of a slot is to join; a text: why there is none yet. */
export function withShared(
  context: SharingContext,
  service: ServiceSpec,
  slot: string,
): ServiceSpec | string {
  const { container } = service;
  if (container.shares === undefined) return service;
  const shares: Record<string, string> = {};
  for (const [kind, view, name] of sharedViews(context, service, slot)) {
    const joinable = joinableOf(view);
    if (joinable === null) return `service "${name}", which it shares with, is not in place`;
    shares[kind] = joinable.container.id;
  }
  return { ...service, container: { ...container, shares } };
}

/** One that has passed its gate and runs. */
function joinableOf(view: SharedView | undefined): Instance | null {
  if (view?.phase.kind !== 'promoted' || view.current === null) return null;
  return view.current.container.state === 'running' ? view.current : null;
}
