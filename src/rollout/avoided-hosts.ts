import type { JournalState } from '../model/journal-state.ts';
import { slotKey } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import { serviceOn } from '../model/variants.ts';
import type { Target } from './target.ts';

/** By slot key, the hosts on which the version that a slot is to have has failed and is tried elsewhere. */
export function avoidedHosts(
  targets: readonly Target[],
  journal: JournalState,
): ReadonlyMap<string, ReadonlySet<HostName>> {
  const avoided = new Map<string, Set<HostName>>();
  for (const { spec } of targets) {
    for (const failure of journal.applications.get(spec.name)?.rollout?.failures ?? []) {
      const service = spec.services.find(({ name }) => name === failure.service);
      if (failure.verdict !== 'retried' || service === undefined) continue;
      if (serviceOn(service, failure.host).hash !== failure.hash) continue;
      const key = slotKey({ application: spec.name, service: failure.service, slot: failure.slot });
      avoided.set(key, (avoided.get(key) ?? new Set()).add(failure.host));
    }
  }
  return avoided;
}
