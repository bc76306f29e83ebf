import type { Readable } from 'node:stream';

import type { Clock } from '../model/clock.ts';
import { pause } from './deadline.ts';
import type { Deadlines } from './deadlines.ts';
import { eventFilters } from './dirty.ts';
import type { DockerHost } from './docker-host.ts';
import { readJsonLines } from './json-lines.ts';
import type { WireEvent, WireVersion } from './wire.ts';

/** A connection on which both sides have agreed, and that tells of events. */
export interface Link {
  readonly client: DockerHost;
  readonly version: WireVersion;
  readonly events: Readable;
}

/** Events come from now on; a list that is read after this misses nothing. */
export async function openLink(
  client: DockerHost,
  deadlines: Deadlines,
  signal: AbortSignal,
): Promise<Link> {
  const version = await client.negotiate(deadlines.read, signal);
  const events = await client.stream({
    what: 'follow events',
    path: '/events',
    query: { filters: eventFilters },
    deadlineMs: deadlines.read,
    signal,
  });
  // Until somebody reads it, its end is nobody's error.
  events.on('error', () => {});
  return { client, version, events };
}

/** A time by the clock of the engine, both in milliseconds since the epoch. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

/**
 * The events of a time that is over, as far as the engine remembers them.
 *
 * @throws EngineError when the host does not answer
 */
export async function* eventsSince(
  client: DockerHost,
  { since, until }: Span,
  deadlineMs: number,
  signal: AbortSignal,
): AsyncGenerator<WireEvent> {
  const events = await client.stream({
    what: 'ask for past events',
    path: '/events',
    query: { filters: eventFilters, since: inSeconds(since), until: inSeconds(until) },
    deadlineMs,
    signal,
  });
  for await (const event of readJsonLines(events)) yield event as WireEvent;
}

function inSeconds(ms: number): string {
  return (Math.max(1, ms) / 1_000).toFixed(3);
}

/** Hands over events until there are no more. An engine that was killed breaks the stream off: that is its end. */
export async function takeEvents(
  events: Readable,
  onEvent: (event: WireEvent) => void,
): Promise<void> {
  try {
    for await (const event of readJsonLines(events)) onEvent(event as WireEvent);
  } catch {
    // Its end, see above.
  }
}

export interface Watch {
  readonly clock: Clock;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  /** A silent connection is checked at this interval: a stalled engine and a partition make no sound. */
  readonly pingMs: number;
  /** Full list at this interval, jittered by a tenth so that the hosts of a fleet do not answer all at once. */
  readonly resyncMs: number;
  /** How long a ping may take. */
  readonly deadlineMs: number;
  readonly list: () => Promise<void>;
  /** It has answered a ping. */
  readonly onAnswer: () => void;
}

/**
 * Pings and lists at their intervals.
 *
 * @throws EngineError when the host does not answer
 */
export async function watchHost(
  client: DockerHost,
  watch: Watch,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random } = watch;
  const nextList = (): number => clock.now() + watch.resyncMs * (0.9 + random() * 0.2);
  let listAt = nextList();
  while (!signal.aborted) {
    await pause(clock, Math.min(watch.pingMs, Math.max(0, listAt - clock.now())), signal);
    if (signal.aborted) return;
    if (clock.now() < listAt) {
      await ping(client, watch.deadlineMs, signal);
      watch.onAnswer();
    } else {
      await watch.list();
      listAt = nextList();
    }
  }
}

/**
 * Two misses in a row are needed: one may be the load of a moment.
 *
 * @throws EngineError when the host does not answer
 */
export async function ping(
  client: DockerHost,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  const request = { what: 'ping the engine', path: '/_ping', deadlineMs, signal };
  try {
    await client.send(request);
  } catch {
    await client.send(request);
  }
}
