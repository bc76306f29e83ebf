import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired.ts';
import { messageOf } from '../model/errors.ts';
import { Outbox } from '../journal/outbox.ts';
import { findLevels, type Levels } from '../report/troubles.ts';
import type { Decision } from '../rollout/decide.ts';
import { Delivery } from './deliver.ts';
import { tryTimeoutMs } from './delivery-error.ts';
import type { Receiver } from './receiver.ts';
import { openSender, type Sender } from './sender.ts';

export interface NotifierParts {
  readonly stateDir: string;
  readonly receivers: readonly Receiver[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** Spreads the tries; between 0 and 1. By chance when left out. */
  readonly random?: () => number;
  /** For one try; 10 s when left out. */
  readonly timeoutMs?: number;
}

/** The history has entries also when nothing was decided, as of a refused commit. */
const lookMs = 1_000;
/** Passes come in bursts. */
const restMs = 100;
/** For tries that are under way when it ends. */
const graceMs = 2_000;

/**
 * Tells receivers what happens, beside the loop: nothing of it is waited for, and whatever goes wrong here is logged and no
 * more. Each receiver has a line of its own.
 */
export class Notifier implements AsyncDisposable {
  readonly #parts: NotifierParts;
  readonly #outbox: Outbox;
  readonly #senders: readonly Sender[];
  readonly #deliveries: readonly Delivery[];
  readonly #running: Promise<unknown>;
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  #desired: Pick<DesiredState, 'revision' | 'fleet'> | null = null;
  #decision: Decision | null = null;
  #levels: Levels | null = null;
  #since: ReadonlyMap<string, number> = new Map();
  #trouble = '';
  #cancel: () => void;
  #isSoon = false;

  private constructor(parts: NotifierParts, outbox: Outbox) {
    const { receivers, logger, clock, random = Math.random, timeoutMs = tryTimeoutMs } = parts;
    this.#parts = parts;
    this.#outbox = outbox;
    const lines = receivers.map((receiver) => {
      const sender = openSender(receiver);
      const { name } = receiver;
      return {
        sender,
        delivery: new Delivery({ name, sender, outbox, logger, clock, random, timeoutMs }),
      };
    });
    this.#senders = lines.map(({ sender }) => sender);
    this.#deliveries = lines.map(({ delivery }) => delivery);
    this.#running = Promise.all(
      this.#deliveries.map((delivery) => delivery.run(this.#stop.signal, this.#cut.signal)),
    );
    this.#cancel = clock.after(lookMs, this.#look);
  }

  /** Null when there is nobody to tell: what was on its way to others is dropped. */
  static open(parts: NotifierParts): Notifier | null {
    const outbox = Outbox.open(parts.stateDir, parts.receivers);
    if (parts.receivers.length > 0) return new Notifier(parts, outbox);
    outbox[Symbol.dispose]();
    return null;
  }

  /** What is decided from now on is about this. */
  follow({ revision, fleet }: DesiredState): void {
    this.#desired = { revision, fleet };
    this.#decision = null;
    this.#levels = null;
  }

  /** Cheap: what it says to people is found out a little later. */
  decided(decision: Decision): void {
    this.#decision = decision;
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#cancel();
    this.#cancel = this.#parts.clock.after(restMs, this.#look);
  }

  readonly #look = (): void => {
    if (this.#stop.signal.aborted) return;
    this.#isSoon = false;
    this.#cancel = this.#parts.clock.after(lookMs, this.#look);
    try {
      this.#take();
      this.#trouble = '';
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== this.#trouble) {
        this.#parts.logger.error({ reason }, 'what happens cannot be told now');
      }
      this.#trouble = reason;
    }
  };

  #take(): void {
    const now = this.#parts.clock.now();
    const { revision, fleet } = this.#desired ?? {};
    if (this.#decision !== null && revision !== undefined) {
      this.#levels = findLevels(this.#decision, revision.commit);
      this.#decision = null;
      const before = this.#since;
      this.#since = new Map(
        this.#levels.troubles.map(({ key }) => [key, before.get(key) ?? now] as const),
      );
    }
    const levels = this.#levels;
    const isNew = this.#outbox.take({ levels, since: this.#since, fleet: fleet?.name ?? '', now });
    if (isNew) for (const delivery of this.#deliveries) delivery.call();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What was decided last is told too, by whoever starts next.
    this.#look();
    this.#stop.abort();
    this.#cancel();
    const cancelGrace = this.#parts.clock.after(graceMs, () => this.#cut.abort());
    await this.#running;
    cancelGrace();
    for (const sender of this.#senders) sender.close();
    this.#outbox[Symbol.dispose]();
  }
}
