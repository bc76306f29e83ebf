import type { HostName } from '../model/names.ts';
import type { OperatorRequest } from '../model/request.ts';
import type { Answer } from './decide-requests.ts';
import { fencedAt } from './host-standing.ts';
import type { World } from './world.ts';

/** A person knows of a host what no operator can: whether it is down, or only out of reach. */
export function answerAboutHost(
  world: World,
  { kind, by }: OperatorRequest,
  host: HostName,
): Answer {
  return kind === 'unfence' ? unfence(world, host) : fence(world, host, by);
}

function fence(world: World, host: HostName, by: string): Answer {
  const isKnown = world.desired.fleet.hosts.some(({ name }) => name === host);
  const hasSlots = [...world.journal.slots.values()].some((slot) => slot.host === host);
  if (!isKnown && !hasSlots) return refused(`there is no host "${host}", and there was none`);
  if (fencedAt(world, host) !== null) return accepted([], 'it is fenced already');
  if (world.observations.get(host)?.kind === 'reachable') {
    return refused(
      'it answers, so that what it runs would run twice: drain it in fleet.yaml instead',
    );
  }
  return accepted(
    [{ kind: 'host-fenced', host, by, at: world.now }],
    'fenced: what may run elsewhere is made there, and the host is not used until "unfence"',
  );
}

function unfence(world: World, host: HostName): Answer {
  if (fencedAt(world, host) === null) return refused('it is not fenced');
  return accepted([{ kind: 'host-unfenced', host }], 'it may be used again');
}

function accepted(
  entries: (Answer & { readonly accepted: true })['entries'],
  message: string,
): Answer {
  return { accepted: true, entries, message };
}

function refused(message: string): Answer {
  return { accepted: false, message };
}
