import { isoTime } from '../model/iso-time.ts';
import { slotKey } from '../model/labels.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Departure } from '../rollout/departures.ts';
import { isolated } from '../rollout/departures.ts';
import type { HostStanding } from '../rollout/host-standing.ts';
import { count } from './text.ts';

/** What a person should know of a host and what is to leave it. */
export interface HostNote {
  readonly host: string;
  readonly message: string;
}

/** Which hosts are away, closed, or not in fleet.yaml any more; what of theirs goes elsewhere and when, what stays and why, and what makes room. */
export function hostNotes({ placed }: Pick<Decision, 'placed'>, now: number): readonly HostNote[] {
  const { standing, departures, placement } = placed;
  const known = new Set(standing.hosts.map(({ host }) => host));
  const foreign = [...new Set([...departures.values()].map(({ host }) => host))].filter(
    (host) => !known.has(host),
  );
  const leaving = (host: string): readonly (readonly [string, Departure])[] =>
    [...departures].filter((departure) => departure[1].host === host);
  const messages = [
    ...standing.hosts.map((host): readonly [string, readonly string[]] => [
      host.host,
      [
        ...standingMessages(host, standing.isolation),
        ...departureMessages(leaving(host.host), now),
        ...[...placement.staying]
          .filter(([key]) => placement.assignments.get(key) === host.host)
          .map(([key, why]) => `${key} stays there: ${why}`),
        ...evictionMessages(placed, host.host),
      ],
    ]),
    ...foreign
      .toSorted()
      .map((host): readonly [string, readonly string[]] => [
        host,
        [
          'it is not in fleet.yaml any more: what runs there is left alone',
          ...departureMessages(leaving(host), now),
        ],
      ]),
  ];
  return messages.flatMap(([host, list]) => list.map((message) => ({ host, message })));
}

/** What leaves a host for something more important, and what has done so and has no host since. */
function evictionMessages(
  { leaving, placement }: Decision['placed'],
  host: string,
): readonly string[] {
  const open = [...leaving].filter(([, one]) => one.hasBegun && one.host === host);
  const gone = placement.unplaced.flatMap(({ madeRoom, ...slot }) => {
    const key = slotKey(slot);
    const isSaid = madeRoom?.host !== host || leaving.has(key);
    return isSaid ? [] : [`${key} made room for ${madeRoom.forWhom}`];
  });
  return [...open.map(([key, { forWhom }]) => `${key} makes room for ${forWhom}`), ...gone];
}

function standingMessages(
  { state, awaySince, use }: HostStanding,
  isolation: string | null,
): readonly string[] {
  const isAway = state === 'lost' || state === 'unreachable';
  const word = state === 'lost' ? 'lost: it has been unreachable' : 'unreachable';
  return [
    ...(isAway && awaySince !== null ? [`${word} since ${isoTime(awaySince)}`] : []),
    ...(awaySince !== null && isolation !== null ? [isolated(isolation)] : []),
    ...(use === 'open' ? [] : [useWords[use]]),
  ];
}

const useWords: Readonly<Record<Exclude<HostStanding['use'], 'open'>, string>> = {
  cordoned: 'cordoned: it takes nothing new',
  draining: 'draining: what may run elsewhere leaves it',
  fenced: 'fenced: it is not used before somebody says "unfence"',
};

/** Those that leave at one time are told of together, and so are those that stay for one reason. */
function departureMessages(
  departures: readonly (readonly [string, Departure])[],
  now: number,
): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const [key, { at, why }] of departures) {
    const what = whatBecomes(at, why, now);
    groups.set(what, [...(groups.get(what) ?? []), key]);
  }
  return [...groups].map(
    ([what, keys]) => `${count(keys.length, 'slot')} ${what}: ${keys.toSorted().join(', ')}`,
  );
}

function whatBecomes(at: number | null, why: string, now: number): string {
  if (at === null) return `stays (${why})`;
  return at <= now ? 'is made elsewhere now' : `is made elsewhere at ${isoTime(at)}`;
}
