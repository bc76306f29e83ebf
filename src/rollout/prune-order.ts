import type { ApplicationSpec } from '../model/application.ts';
import type { JournalState } from '../model/journal-state.ts';
import { decisionOrder } from './order-applications.ts';

/**
 * What the removal of applications waits for, in words, by application: those that depend on it, and those of higher
 * waves, go first. An application that is not in it waits for none. What was never last-known-good has no order.
 *
 * @param removed all that are to go and are still there, also those that wait for an approval
 */
export function pruneWaits(
  removed: readonly string[],
  journal: JournalState,
): ReadonlyMap<string, string> {
  const specs = removed.flatMap(
    (name) => journal.applications.get(name)?.lastKnownGood?.spec ?? [],
  );
  const { applications, waves } = decisionOrder(specs);
  const waits = new Map<string, string>();
  const last = applications.at(-1);
  if (last === undefined) return waits;
  const passed = new Set<string>();
  for (const spec of applications) {
    if (waveOf(waves, spec) < waveOf(waves, last)) {
      waits.set(spec.name, `pruned after application "${last.name}" of a higher wave`);
    }
    // Only those before it in the order: so a cycle waits for nobody.
    for (const { application } of spec.dependsOn) {
      if (!passed.has(application)) continue;
      waits.set(application, `pruned after application "${spec.name}", which depends on it`);
    }
    passed.add(spec.name);
  }
  return waits;
}

function waveOf(waves: ReadonlyMap<string, number>, { name, wave }: ApplicationSpec): number {
  return waves.get(name) ?? wave;
}
