import type { IncomingMessage } from 'node:http';

import { pause } from './deadline.ts';
import type { Deadlines } from './deadlines.ts';
import { eventFilters } from './dirty.ts';
import type { EngineClient } from './engine-client.ts';
import { readJsonLines } from './json-lines.ts';
import type { WireEvent, WireVersion } from './wire.ts';

/** A connection on which both sides have agreed, and that tells of events. */
export interface Link {
  readonly client: EngineClient;
  readonly version: WireVersion;
  readonly events: IncomingMessage;
}

/** Events come from now on; a list that is read after this misses nothing. */
export async function openLink(
  client: EngineClient,
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

/** Hands over events until there are no more. An engine that was killed breaks the stream off: that is its end. */
export async function takeEvents(
  events: IncomingMessage,
  onEvent: (event: WireEvent) => void,
): Promise<void> {
  try {
    for await (const event of readJsonLines(events)) onEvent(event as WireEvent);
  } catch {
    // Its end, see above.
  }
}

export interface Watch {
  /** A silent connection is checked at this interval: a stalled engine and a partition make no sound. */
  readonly pingMs: number;
  /** Full list at this interval, jittered by a tenth so that the hosts of a fleet do not answer all at once. */
  readonly resyncMs: number;
  /** How long a ping may take. */
  readonly deadlineMs: number;
  readonly list: () => Promise<void>;
}

/**
 * Pings and lists at their intervals.
 *
 * @throws EngineError when the host does not answer
 */
export async function watchHost(
  client: EngineClient,
  watch: Watch,
  signal: AbortSignal,
): Promise<void> {
  const nextList = (): number => Date.now() + watch.resyncMs * (0.9 + Math.random() * 0.2);
  let listAt = nextList();
  while (!signal.aborted) {
    await pause(Math.min(watch.pingMs, Math.max(0, listAt - Date.now())), signal);
    if (signal.aborted) return;
    if (Date.now() < listAt) await ping(client, watch.deadlineMs, signal);
    else {
      await watch.list();
      listAt = nextList();
    }
  }
}

/** Two misses in a row are needed: one may be the load of a moment. */
async function ping(client: EngineClient, deadlineMs: number, signal: AbortSignal): Promise<void> {
  const request = { what: 'ping the engine', path: '/_ping', deadlineMs, signal };
  try {
    await client.send(request);
  } catch {
    await client.send(request);
  }
}
