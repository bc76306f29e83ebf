import { isDeepStrictEqual } from 'node:util';

import PQueue from 'p-queue';
import type { Logger } from 'pino';

import type { AdoptionInterest } from '../model/adoption.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { HostName } from '../model/names.ts';
import type { InstallationKey } from '../model/sealed.ts';
import type { HostObservation, UnreachableHost } from '../model/observation.ts';
import { oneCauseMs } from '../model/one-cause.ts';
import type { Action, StepOutcome } from '../model/step.ts';
import { backOffMs } from './back-off.ts';
import { ChangeLog } from './change-log.ts';
import type { Deadline } from './deadline.ts';
import { pause, withDeadline, withEither } from './deadline.ts';
import type { Deadlines } from './deadlines.ts';
import type { Dirty } from './dirty.ts';
import { dirtyByEvent, isCopy } from './dirty.ts';
import type { DockerHost } from './docker-host.ts';
import type { Link } from './host-link.ts';
import { eventsSince, openLink, ping, takeEvents, watchHost } from './host-link.ts';
import { FileWatch } from './file-watch.ts';
import { HostPicture } from './host-picture.ts';
import { Unread } from './unread.ts';
import type { WireEvent } from './wire.ts';

export interface InformerOptions {
  readonly host: HostName;
  /** Value of the label `fleetwright.fleet` of the containers to inspect. */
  readonly fleet: string;
  /** Tells whether a secret is still the one that was delivered; null: no secret is looked at. */
  readonly key: InstallationKey | null;
  /** Makes a client with the credentials as they are now. */
  readonly connect: () => Promise<DockerHost>;
  readonly clock: Clock;
  /** From 0 to 1, for the jitter of the full list. */
  readonly random: () => number;
  readonly deadlines: Deadlines;
  readonly resyncMs: number;
  readonly pingMs: number;
  readonly onChange: () => void;
  /** It has gone out of sight. Resolves when it is known of each other host whether it answers. Never throws. */
  readonly onAway: () => Promise<void>;
  /** It is back, after it was away since then. */
  readonly onBack: (since: number) => void;
  readonly logger: Logger;
}

/** Events of one change come in bursts. */
const debounceMs = 20;
/**
 * How long a container is left to the step at work on it. Beyond that its events are followed all the same: a death must
 * not stay hidden behind a call that hangs.
 */
const stepPatienceMs = 2_000;
/** How long the others have to come back after the first one: not all cables are mended in the same second. */
const comebackMs = 15_000;
/** A connection that lived for less than this was closed too soon. */
const shortLifeMs = 1_000;
/** How far back the first connection asks for events, of which an engine keeps 256. */
const remembersMs = 3_600_000;

/**
 * Keeps the observation of one host current: a full list at connect and at an interval is the truth, events say what to
 * read again in between (the engine drops them when it is busy, and keeps none over its own restart). Whatever goes
 * wrong ends in `unreachable` with the reason, and in another try.
 */
export class HostInformer {
  readonly #options: InformerOptions;
  readonly #closing = new AbortController();
  /** Full lists and what events ask for, one after another, so that a burst makes few of them. No step waits for these. */
  readonly #readings = new PQueue({ concurrency: 1 });
  readonly #running: Promise<void>;
  readonly #picture: HostPicture;
  readonly #changes: ChangeLog;
  #observation: HostObservation;
  /** When it last answered. */
  #heardAt: number;
  #link: Link | null = null;
  /** Since when the host has been seen without a break, and through what. */
  #watched: {
    readonly client: DockerHost;
    readonly breaks: number;
    readonly since: number;
  } | null = null;
  /** Ends the connection that stands or is being made. */
  #attempt = new AbortController();
  /** Ends the wait between two tries. */
  #nap = new AbortController();
  #brokenBy: unknown = null;
  #waiting: (() => void)[] = [];
  #confirming: Promise<void> | null = null;
  #doubts = 0;
  #wasTried = false;
  readonly #unread = new Unread();
  #cancelFlush: (() => void) | null = null;

  constructor(options: InformerOptions) {
    this.#options = options;
    const { host, fleet, deadlines, clock, key, logger } = options;
    const files = new FileWatch({ key, clock, logger });
    const changes = new ChangeLog(fleet);
    const readMs = deadlines.read;
    this.#changes = changes;
    this.#picture = new HostPicture({ host, fleet, readMs, clock, files, changes });
    this.#observation = {
      kind: 'unreachable',
      host,
      since: clock.now(),
      reason: 'not observed yet',
      neverSeen: true,
    };
    this.#heardAt = clock.now();
    this.#running = this.#run();
  }

  get observation(): HostObservation {
    return this.#observation;
  }

  /** The client of the connection that stands, or null. */
  get client(): DockerHost | null {
    return this.#link?.client ?? null;
  }

  /** Whether a try to observe the host has ended, either way. */
  get wasTried(): boolean {
    return this.#wasTried;
  }

  /** Containers of others that are read in full too, from the next full list on. */
  lookFor(interest: AdoptionInterest): void {
    this.#picture.interest = interest;
  }

  /** Observes the host in full now, connecting first if need be. Never throws. */
  async refresh(signal: AbortSignal): Promise<void> {
    const observed = this.#link === null ? this.#nextTry() : this.#relist(this.#link);
    // The reading goes on when the caller gives up on it: half of a picture would be a wrong one.
    await withDeadline(this.#deadline('refresh', this.#longestTry()), signal, () => observed).catch(
      () => {},
    );
  }

  /**
   * Leaves containers to a step that begins: the engine does not answer for a container that it is starting, and reread()
   * reads it anyway. Returns the way to end that; it ends by itself when the step takes long.
   */
  leave(containers: ReadonlySet<string>): () => void {
    const giveBack = this.#unread.leave(containers);
    const end = (): void => {
      cancel();
      giveBack();
      this.#flushSoon();
    };
    const cancel = this.#options.clock.after(stepPatienceMs, end);
    return end;
  }

  /** A step begins: its events are no changes of others. Returns the way to say that it is over. */
  expect(action: Action): (outcome: StepOutcome) => void {
    const end = this.#changes.expect(action);
    return (outcome) => end(outcome, this.#options.clock.now());
  }

  /** Reads what a step may have changed, whatever else is being read. When it resolves, the observation shows it. Never throws. */
  async reread(dirty: Dirty): Promise<void> {
    const { signal } = this.#closing;
    if (this.#link === null) await this.refresh(signal);
    // Also after that: a try that was under way may have looked before the step was over.
    const link = this.#link;
    if (link === null) return;
    this.#unread.cover(dirty);
    if (!(await this.#read(link, dirty))) await this.refresh(signal);
  }

  /** Finds out now whether the host answers, instead of at the next ping. Never throws. */
  confirm(): Promise<void> {
    const link = this.#link;
    if (link === null) {
      return this.#observation.kind === 'unreachable' ? Promise.resolve() : this.#nextTry();
    }
    this.#confirming ??= this.#confirm(link).finally(() => (this.#confirming = null));
    return this.#confirming;
  }

  /** Another host is back that was away since then: what kept them away together may be over for this one too. */
  otherIsBack(since: number): void {
    const { observation } = this;
    const { clock } = this.#options;
    if (!isAway(observation) || Math.abs(observation.since - since) > oneCauseMs) return;
    this.#doubt(observation, pause(clock, comebackMs, this.#closing.signal));
    this.reconnect();
  }

  /** Connects anew, since the credentials changed. */
  reconnect(): void {
    this.#options.logger.debug('connecting anew');
    this.#attempt.abort();
    this.#nap.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#attempt.abort();
    this.#nap.abort();
    this.#cancelFlush?.();
    this.#settle();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    let failures = 0;
    let closures = 0;
    while (!this.#closing.signal.aborted) {
      this.#attempt = new AbortController();
      this.#brokenBy = null;
      const began = clock.now();
      const error = await this.#connectAndFollow(this.#attempt.signal);
      // A connection that was closed is tried again at once, and the host is judged by what comes of that; unless it is
      // closed again and again.
      closures = clock.now() - began > shortLifeMs ? 0 : closures + 1;
      const asked = this.#attempt.signal.aborted;
      if (error === null && (closures < 2 || asked)) {
        failures = 0;
        continue;
      }
      failures += 1;
      const reason = error === null ? 'the engine closed the connection' : messageOf(error);
      this.#becomeUnreachable(reason);
      this.#settle();
      this.#nap = new AbortController();
      if (!this.#closing.signal.aborted) await pause(clock, backOffMs(failures), this.#nap.signal);
    }
  }

  /** One connection from its beginning to its end. Gives what broke it; null when it was closed or is not wanted any more. */
  async #connectAndFollow(attempt: AbortSignal): Promise<unknown> {
    let client: DockerHost | null = null;
    try {
      client = await this.#options.connect();
      const connected = client;
      await withEither([attempt, this.#closing.signal], (signal) =>
        this.#follow(connected, signal),
      );
      return this.#brokenBy;
    } catch (error) {
      return attempt.aborted ? this.#brokenBy : error;
    } finally {
      this.#link = null;
      client?.close();
    }
  }

  async #follow(client: DockerHost, signal: AbortSignal): Promise<void> {
    const { clock, random, deadlines, pingMs, resyncMs, logger } = this.#options;
    const link = await openLink(client, deadlines, signal);
    this.#unread.clear();
    await this.#readAll(link, signal, true);
    this.#link = link;
    logger.debug({ apiVersion: client.apiVersion }, 'connected');
    this.#settle();
    const list = (): Promise<void> => this.#readAll(link, signal);
    const onAnswer = (): void => {
      this.#heardAt = clock.now();
    };
    await Promise.race([
      takeEvents(link.events, (event) => this.#takeEvent(event)),
      watchHost(
        client,
        { clock, random, pingMs, resyncMs, deadlineMs: deadlines.ping, list, onAnswer },
        signal,
      ),
    ]);
  }

  #takeEvent(event: WireEvent): void {
    const isOwn = this.#noteEvent(event);
    if (isOwn && isCopy(event)) return;
    this.#unread.add(dirtyByEvent(event));
    this.#flushSoon();
  }

  /** Gives whether a step of ours has made it. */
  #noteEvent(event: WireEvent): boolean {
    return this.#changes.take(event, this.#options.clock.now(), this.#picture.isManaged);
  }

  /** What happened while nobody listened, as far as the engine remembers: only the causes are taken from it. */
  async #catchUp(client: DockerHost, signal: AbortSignal): Promise<void> {
    const { clock, deadlines, logger } = this.#options;
    const until = clock.now() + this.#picture.skewMs;
    const since = this.#changes.lastAt ?? until - remembersMs;
    const deadline = this.#deadline('ask for past events', deadlines.read);
    try {
      await withDeadline(deadline, signal, async (inner) => {
        const past = eventsSince(client, { since, until }, deadlines.read, inner);
        for await (const event of past) this.#noteEvent(event);
      });
    } catch (error) {
      // The list has been read, and that is the truth.
      logger.debug({ error: messageOf(error) }, 'no past events');
    }
  }

  #flushSoon(): void {
    if (this.#closing.signal.aborted) return;
    this.#cancelFlush ??= this.#options.clock.after(debounceMs, () => {
      this.#cancelFlush = null;
      void this.#flush();
    });
  }

  async #confirm(link: Link): Promise<void> {
    try {
      await ping(link.client, this.#options.deadlines.ping, this.#closing.signal);
      this.#heardAt = this.#options.clock.now();
    } catch (error) {
      this.#break(link, error);
    }
  }

  async #relist(link: Link): Promise<void> {
    try {
      await this.#readAll(link, this.#closing.signal);
    } catch (error) {
      this.#break(link, error);
    }
  }

  /** Resolves when the try that is under way, or the next one, has ended either way. */
  #nextTry(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    const settled = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#nap.abort();
    return settled;
  }

  /** @param isFirst of its connection: what was missed before it is asked for too */
  async #readAll({ client, version }: Link, signal: AbortSignal, isFirst = false): Promise<void> {
    const { deadlines } = this.#options;
    await this.#readings.add(async () => {
      await withDeadline(this.#deadline('list the host', deadlines.list), signal, (inner) =>
        this.#picture.readAll(client, version, inner),
      );
      if (isFirst) await this.#catchUp(client, signal);
      this.#publish(client);
    });
  }

  /** Reads what events said has changed. */
  async #flush(): Promise<void> {
    await this.#readings.add(async () => {
      const link = this.#link;
      const dirty = link === null ? null : this.#unread.take();
      if (link !== null && dirty !== null) await this.#read(link, dirty);
    });
  }

  /** Reads what is dirty. Gives false when the connection ended meanwhile, and the observation with it. */
  async #read(link: Link, dirty: Dirty): Promise<boolean> {
    const deadline = this.#deadline('read what changed', this.#options.deadlines.list);
    try {
      await withDeadline(deadline, this.#closing.signal, (signal) =>
        this.#picture.readDirty(link.client, dirty, signal),
      );
    } catch (error) {
      this.#break(link, error);
      return false;
    }
    if (this.#link !== link) return false;
    this.#publish(link.client);
    return true;
  }

  /** Gives up the connection that stands, unless it is another one by now. */
  #break(link: Link, error: unknown): void {
    if (this.#link !== link || this.#closing.signal.aborted) return;
    this.#link = null;
    this.#brokenBy = error;
    this.#becomeUnreachable(messageOf(error));
    this.#attempt.abort();
  }

  #publish(client: DockerHost): void {
    const now = this.#options.clock.now();
    const next = this.#picture.observe(now, this.#watchedSince(client, now));
    if (next !== null) this.#replace(next);
  }

  /** Another connection, or one that was found broken: nobody has seen what happened to the host in between. */
  #watchedSince(client: DockerHost, now: number): number {
    const { breaks } = client;
    if (this.#watched?.client !== client || this.#watched.breaks !== breaks) {
      this.#watched = { client, breaks, since: now };
    }
    return this.#watched.since;
  }

  #becomeUnreachable(reason: string): void {
    const { host, logger } = this.#options;
    const last = this.#observation;
    logger.debug({ reason }, 'unreachable');
    if (last.kind === 'unreachable') return this.#replace({ ...last, reason });
    // A picture in which nothing changes is as old as the last list, and the host may have answered since.
    const since = Math.max(last.observedAt, this.#heardAt);
    this.#doubt({ kind: 'unreachable', host, since, reason }, this.#options.onAway());
  }

  /** It is not certain that the host is away before all doubts are over. */
  #doubt(away: UnreachableHost, doubt: Promise<void>): void {
    this.#doubts += 1;
    this.#replace({ ...away, isUncertain: true });
    void doubt.then(() => this.#doubtIsOver());
  }

  #doubtIsOver(): void {
    this.#doubts -= 1;
    const last = this.#observation;
    if (this.#doubts > 0 || last.kind === 'reachable') return;
    const { isUncertain: _was, ...certain } = last;
    this.#replace(certain);
  }

  #replace(next: HostObservation): void {
    const former = this.#observation;
    this.#observation = next;
    if (isAway(former) && next.kind === 'reachable') this.#options.onBack(former.since);
    const changed = !isDeepStrictEqual({ ...former, observedAt: 0 }, { ...next, observedAt: 0 });
    if (changed && !this.#closing.signal.aborted) this.#options.onChange();
  }

  #settle(): void {
    this.#wasTried = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #deadline(what: string, ms: number): Deadline {
    return { what, ms, clock: this.#options.clock };
  }

  /** A whole try: version, events, list. */
  #longestTry(): number {
    const { read, list } = this.#options.deadlines;
    return 2 * read + list;
  }
}

/** One that has never been seen is not away: it is being reached for the first time. */
function isAway(seen: HostObservation): seen is UnreachableHost {
  return seen.kind === 'unreachable' && seen.neverSeen !== true;
}
