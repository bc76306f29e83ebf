import { matchesGlob } from './glob.ts';
import type { CommitSha, HostName } from './names.ts';
import type { Origin } from './origin.ts';

/** What people are told of. A reminder is of one that is still so; a test is asked for. */
export const noticeEvents = [
  'commit-accepted',
  'commit-rejected',
  'commit-withdrawn',
  'commit-converged',
  'rollout-started',
  'rollout-succeeded',
  'rollout-failed',
  'rollback-started',
  'rolled-back',
  'application-stalled',
  'application-degraded',
  'application-recovered',
  'drift-found',
  'drift-healed',
  'host-unreachable',
  'host-lost',
  'host-back',
  'operator-isolated',
  'operator-reconnected',
] as const;

export type NoticeEvent = (typeof noticeEvents)[number] | 'reminder' | 'test';

/** `good` ends something, `bad` wants somebody to look. */
export type NoticeTone = 'good' | 'neutral' | 'bad';

/** One thing that people are told, once. */
export interface Notice {
  /** The same at each try, and of no other notice. */
  readonly id: string;
  readonly event: NoticeEvent;
  readonly tone: NoticeTone;
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number;
  /** Name of the fleet; empty: no commit has been in force yet. */
  readonly fleet: string;
  /** Empty: it is about a host, or the fleet. */
  readonly application: string;
  readonly service: string;
  readonly slot: string;
  readonly host: HostName | null;
  readonly commit: CommitSha | null;
  /** The line that it is about. */
  readonly origin: Origin | null;
  /** Author of the commit, or `fleetwright`. */
  readonly actor: string;
  /** One sentence without an end. */
  readonly message: string;
  /** Why, when it is about a commit that does not come through; empty: there is nothing to say. */
  readonly reason: string;
  /** Id of the notice whose matter is over with this one; null: there is none. */
  readonly resolves: string | null;
  /** Id of the notice that this one reminds of; null: of none. */
  readonly reminds: string | null;
}

/** What was told and is not over. */
export interface Matter {
  /** Of the notice that it began with. */
  readonly id: string;
  /** When that was told of, in milliseconds since the epoch. */
  readonly at: number;
  /** The last word on it. */
  readonly latest: Notice;
  /** All that was said of it. */
  readonly events: readonly NoticeEvent[];
}

/** What a receiver wants to be told. */
export interface Subscription {
  /** Its name in the configuration. */
  readonly name: string;
  /** It sets the status of commits, and is told of them alone. */
  readonly isStatus: boolean;
  /** Null: all. */
  readonly events: readonly NoticeEvent[] | null;
  /** Patterns of names, when it is only to be told of these; null: of everything. */
  readonly applications: readonly string[] | null;
  /** How often it is reminded of what is not over; null: never. */
  readonly reminderMs: number | null;
}

export function wants(
  { events, applications }: Subscription,
  { event, application }: Pick<Notice, 'event' | 'application'>,
): boolean {
  if (events !== null && !events.includes(event)) return false;
  if (applications === null) return true;
  return application !== '' && applications.some((pattern) => matchesGlob(pattern, application));
}

/** Whoever was told of a matter is told of its end. */
export function wantsEnd(subscription: Subscription, { latest, events }: Matter): boolean {
  const { application } = latest;
  return events.some((event) => wants(subscription, { event, application }));
}
