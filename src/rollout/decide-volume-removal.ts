import type { JournalEntry } from '../model/journal-state.ts';
import { label } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import type { OperatorRequest } from '../model/request.ts';
import type { Step } from '../model/step.ts';
import type { ApplicationDecision } from './decide-application.ts';
import { isDataOf, volumeStanding } from './volume-standing.ts';
import type { World } from './world.ts';

export interface VolumeRemovals {
  readonly steps: readonly Step[];
  readonly entries: readonly JournalEntry[];
}

/**
 * Volumes that somebody has asked to remove, by name. Nothing else ever removes one. A request that cannot be carried out is
 * refused; what comes of the step answers the others, so that one that a crash has interrupted is taken up again.
 */
export function decideVolumeRemovals(
  world: World,
  applications: readonly ApplicationDecision[],
): VolumeRemovals {
  const steps: Step[] = [];
  const entries: JournalEntry[] = [];
  for (const request of world.requests) {
    const { id, host, volume, by } = request;
    if (host === undefined || volume === undefined) continue;
    const key = `${host}/unwanted-volume/${volume}`;
    if (world.now < (world.failures.get(key)?.retryAt ?? 0)) continue;
    if (world.inFlight.has(key) || steps.some((step) => step.key === key)) continue;
    const verdict = judge(world, applications, host, volume);
    if (verdict.kind === 'refused') {
      entries.push(refusal(request, verdict.message, world.now));
      continue;
    }
    steps.push({
      key,
      host,
      application: verdict.application,
      service: '',
      slot: '',
      action: { kind: 'remove-volume', name: volume, request: id },
      cause: {
        commit: world.desired.revision.commit,
        origin: null,
        path: '',
        reason: `${by} has asked for it`,
        changes: [],
      },
    });
  }
  return { steps, entries };
}

type Verdict =
  | { readonly kind: 'granted'; readonly application: string }
  | { readonly kind: 'refused'; readonly message: string };

function judge(
  world: World,
  applications: readonly ApplicationDecision[],
  name: HostName,
  volume: string,
): Verdict {
  const { fleet } = world.desired;
  if (fleet.hosts.every((spec) => spec.name !== name)) return refused(`there is no host "${name}"`);
  const host = world.observations.get(name);
  if (host?.kind !== 'reachable') return refused('its host cannot be seen: nothing was removed');
  const found = host.volumes.find((each) => each.name === volume);
  if (found === undefined) return refused('there is no such volume on the host');
  if (!isDataOf(fleet.name, found))
    return refused('it was not made for this fleet as a volume with data');
  const { usedBy, wantedBy } = volumeStanding(world, applications, host, volume);
  if (wantedBy.length > 0) {
    return refused(`the commit in force, or last-known-good, has it for ${wantedBy.join(', ')}`);
  }
  if (usedBy.length > 0) return refused(`containers have it: ${usedBy.join(', ')}`);
  return { kind: 'granted', application: found.labels[label.application] ?? '' };
}

function refused(message: string): Verdict {
  return { kind: 'refused', message };
}

function refusal({ id, application }: OperatorRequest, message: string, at: number): JournalEntry {
  return { kind: 'request-answered', request: id, application, accepted: false, message, at };
}
