import type { HostSpec } from '../model/fleet.ts';
import type { JournalEntry, JournalState } from '../model/journal-state.ts';
import type { HostName } from '../model/names.ts';
import type { HostObservation } from '../model/observation.ts';
import { oneCauseMs } from '../model/one-cause.ts';
import type { World } from './world.ts';

/** How a host stands, as far as it can be known from here. */
export interface HostStanding {
  readonly host: HostName;
  /**
   * `suspect`: away for a moment only; `unreachable`: away for longer, which says nothing about what runs there; `lost`:
   * away for so long that what may run elsewhere is made there.
   */
  readonly state: 'ready' | 'suspect' | 'unreachable' | 'lost';
  /** Since when it has been away, in milliseconds since the epoch; null: it is not. */
  readonly awaySince: number | null;
  /**
   * From when on its instances may be replaced, if nobody says more: in milliseconds since the epoch; null: it is not away,
   * or nobody knows when.
   */
  readonly givenUpFrom: number | null;
  /** Somebody has said that it is down: it is not used before somebody says otherwise. */
  readonly isFenced: boolean;
  /** What it takes: `cordoned` nothing new, `draining` and `fenced` nothing at all. */
  readonly use: 'open' | 'cordoned' | 'draining' | 'fenced';
}

export interface FleetStanding {
  /** Those of fleet.yaml, in its order. */
  readonly hosts: readonly HostStanding[];
  /** Why it may be the operator that is cut off, in words; null: nothing says so. While it is, nothing is replaced. */
  readonly isolation: string | null;
}

/** What the standing of hosts is judged from. */
export type StandingWorld = Pick<
  World,
  'desired' | 'observations' | 'journal' | 'sourceAwaySince' | 'watchingSince' | 'now'
>;

/** How long a host may be away before it is said that this stands in the way. */
export const hostPatienceMs = 30_000;
/** Between the first replacements of two lost hosts: whoever is wrong about one is not wrong about all at once. */
const betweenHostsMs = 10_000;
const longestGraceMs = 5 * 60_000;

/** Judges all hosts. A pure function of what is seen, what the journal remembers, and the time. */
export function fleetStanding(world: StandingWorld): FleetStanding {
  const { hosts } = world.desired.fleet;
  const away = hosts.flatMap(({ name }) => awayHost(world, name) ?? []);
  const turns = turnsOf(world, away);
  const isolation = isolationOf(world, away);
  return {
    isolation,
    hosts: hosts.map((spec) => {
      const { name: host } = spec;
      const isFenced = fencedAt(world, host) !== null;
      const base = { host, isFenced, use: useOf(world, spec) };
      const found = away.find((one) => one.host === host);
      if (found === undefined) {
        return { ...base, state: 'ready', awaySince: null, givenUpFrom: null };
      }
      const { since, isDoubted } = found;
      const givenUpFrom = isDoubted || isolation !== null ? null : (turns.get(host) ?? null);
      return { ...base, state: stateOf(world, found), awaySince: since, givenUpFrom };
    }),
  };
}

export function useOf(
  world: Pick<World, 'journal'>,
  { name, cordon, drain }: HostSpec,
): HostStanding['use'] {
  if (fencedAt(world, name) !== null) return 'fenced';
  if (drain) return 'draining';
  return cordon ? 'cordoned' : 'open';
}

/** When somebody has said that a host is down; null: nobody has. */
export function fencedAt({ journal }: Pick<World, 'journal'>, host: HostName): number | null {
  return journal.hosts.get(host)?.fenced?.at ?? null;
}

/** What the journal is to remember of hosts: since when one is away or closed, whoever looks, and whatever is restarted meanwhile. */
export function hostEntries(world: World, { hosts }: FleetStanding): readonly JournalEntry[] {
  const { journal, desired } = world;
  const away = new Map(
    hosts.flatMap(({ host, state, awaySince }): readonly (readonly [HostName, number])[] =>
      awaySince === null || state === 'suspect' ? [] : [[host, awaySince]],
    ),
  );
  const here = new Set(hosts.flatMap(({ host, awaySince }) => (awaySince === null ? [host] : [])));
  return [
    ...[...away].flatMap(([host, since]): readonly JournalEntry[] =>
      (journal.hosts.get(host)?.awaySince ?? null) === null
        ? [{ kind: 'host-away', host, since }]
        : [],
    ),
    ...[...journal.hosts].flatMap(([host, { awaySince }]): readonly JournalEntry[] =>
      awaySince !== null && here.has(host) ? [{ kind: 'host-back', host }] : [],
    ),
    ...hosts.flatMap(({ host, state }): readonly JournalEntry[] =>
      state === 'lost' && journal.hosts.get(host)?.lost !== true
        ? [{ kind: 'host-lost', host }]
        : [],
    ),
    ...desired.fleet.hosts.flatMap((spec) => useEntry(journal, spec)),
  ];
}

/** The history tells when a host was closed, and when it was opened again. */
function useEntry(
  journal: JournalState,
  { name: host, cordon, drain }: HostSpec,
): readonly JournalEntry[] {
  const closed = cordon ? 'cordoned' : 'open';
  const use = drain ? 'draining' : closed;
  const before = journal.hosts.get(host)?.use ?? 'open';
  return use === before ? [] : [{ kind: 'host-use', host, use }];
}

interface AwayHost {
  readonly host: HostName;
  readonly since: number;
  /** It answers, and cannot be believed; or nobody knows yet whether it is alone in being away. */
  readonly isDoubted: boolean;
}

/** Who was away before this process began to look has been away since then, if the journal says so. */
function awayHost({ observations, journal }: StandingWorld, host: HostName): AwayHost | null {
  const seen = observations.get(host);
  if (seen?.kind !== 'unreachable') return null;
  const before = journal.hosts.get(host)?.awaySince ?? seen.since;
  const isDoubted = seen.answers === true || seen.isUncertain === true;
  return { host, since: Math.min(seen.since, before), isDoubted };
}

function stateOf(world: StandingWorld, away: AwayHost): HostStanding['state'] {
  if (!away.isDoubted && world.now >= lostAt(world, away)) return 'lost';
  return world.now < away.since + hostPatienceMs ? 'suspect' : 'unreachable';
}

/** What passed while nobody looked does not count: the host may have been there. */
function lostAt({ desired, watchingSince }: StandingWorld, { since }: AwayHost): number {
  return Math.max(since, watchingSince) + desired.fleet.failure.lostAfterMs;
}

/** When each lost host may begin to be replaced: one after the other, and none before the operator has found its feet. */
function turnsOf(world: StandingWorld, away: readonly AwayHost[]): ReadonlyMap<HostName, number> {
  const turns = new Map<HostName, number>();
  let free = startedUpAt(world);
  const inOrder = away
    .filter(({ isDoubted }) => !isDoubted)
    .toSorted((a, b) => lostAt(world, a) - lostAt(world, b) || (a.host < b.host ? -1 : 1));
  for (const host of inOrder) {
    const turn = Math.max(lostAt(world, host), free);
    turns.set(host.host, turn);
    free = turn + betweenHostsMs;
  }
  return turns;
}

/** After a start each host is given some time to be seen once. */
function startedUpAt({ desired, observations, watchingSince }: StandingWorld): number {
  const { hosts, failure } = desired.fleet;
  if (!hosts.some(({ name }) => isUnseen(observations.get(name)))) return 0;
  return watchingSince + Math.min(2 * failure.lostAfterMs, longestGraceMs);
}

function isUnseen(seen: HostObservation | undefined): boolean {
  return seen?.kind === 'unreachable' && seen.neverSeen === true;
}

function isolationOf(world: StandingWorld, away: readonly AwayHost[]): string | null {
  const hosts = world.desired.fleet.hosts.length;
  const together = Math.max(
    0,
    ...away.map(
      ({ since }) => away.filter((other) => Math.abs(other.since - since) <= oneCauseMs).length,
    ),
  );
  if (together === hosts && hosts > 0) return 'no host can be reached';
  if (together >= 2 && together * 2 >= hosts) {
    return `${together} of ${hosts} hosts went out of sight within ${oneCauseMs / 60_000} minutes`;
  }
  if (away.length > 0 && world.sourceAwaySince !== null) return 'nor can the repository be reached';
  return null;
}
