import type { DriftItem } from '../model/drift.ts';
import type { EngineChange } from '../model/engine-change.ts';
import type { HealedDrift } from '../model/healed-drift.ts';
import type { HostName } from '../model/names.ts';
import { findCause } from '../drift/find-cause.ts';
import type { World } from './world.ts';

/** Each item with what its host told of how it came about. */
export function withCauses(
  world: Pick<World, 'observations' | 'journal'>,
  items: readonly DriftItem[],
): readonly DriftItem[] {
  return items.map((item) => {
    const cause = findCause(item, changesOn(world, item.host));
    return cause === null ? item : { ...item, cause };
  });
}

/** What a repair of an item puts right, with how it came about. */
export function healedDriftOf(
  { world }: { readonly world: Pick<World, 'observations' | 'journal'> },
  item: DriftItem,
): HealedDrift {
  const { class: kind, path } = item;
  const cause = findCause(item, changesOn(world, item.host));
  return { class: kind, path, ...(cause === null ? {} : { cause }) };
}

/** What others did on a host. What we took out ourselves was no change of theirs, though the engine may tell of it anew. */
function changesOn(
  { observations, journal }: Pick<World, 'observations' | 'journal'>,
  host: HostName,
): readonly EngineChange[] {
  const observation = observations.get(host);
  const changes = observation?.kind === 'reachable' ? (observation.changes ?? []) : [];
  return changes.filter(
    ({ container }) => container === null || journal.instances.get(container)?.retired !== true,
  );
}
