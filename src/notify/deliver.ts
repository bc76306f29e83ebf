import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { Outbox, OutboxItem } from '../journal/outbox.ts';
import { longestWayMs } from '../journal/outbox.ts';
import { Wake } from '../reconcile/wake.ts';
import type { DeliveryError } from './delivery-error.ts';
import { asDeliveryError } from './delivery-error.ts';
import type { Sender } from './sender.ts';
import { timeLimit } from './time-limit.ts';

export interface DeliveryParts {
  /** Of the receiver. */
  readonly name: string;
  readonly sender: Sender;
  readonly outbox: Outbox;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Spreads the tries; between 0 and 1. */
  readonly random: () => number;
  /** For one try. */
  readonly timeoutMs: number;
}

const firstPauseMs = 2_000;
const longestPauseMs = 15 * 60_000;
const journalPauseMs = 15_000;

/**
 * Brings to one receiver what waits for it, one after the other in the order in which it happened, until it is told to stop.
 * What does not reach it is tried again, ever more rarely; what has not within a day is given up.
 */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #wake: Wake;
  #failures = 0;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.clock);
  }

  /** There may be something new. */
  call(): void {
    // Whoever fails is not tried sooner for it.
    if (this.#failures === 0) this.#wake.call();
  }

  /**
   * @param signal no other try is begun
   * @param cut the one under way is given up too
   */
  async run(signal: AbortSignal, cut: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#wake.sleep(await this.#step(cut), signal);
    }
  }

  /** Gives how long to wait for the next one, in milliseconds; null: until there is something. */
  async #step(cut: AbortSignal): Promise<number | null> {
    const { name, outbox, logger } = this.#parts;
    try {
      const item = outbox.first(name);
      return item === null ? null : await this.#try(item, cut);
    } catch (error) {
      // The journal cannot be read or written: that is for the loop to say.
      logger.debug({ receiver: name, reason: messageOf(error) }, 'outbox cannot be used now');
      return journalPauseMs;
    }
  }

  async #try(item: OutboxItem, cut: AbortSignal): Promise<number | null> {
    const { name, sender, outbox, logger, clock, timeoutMs } = this.#parts;
    const { id, event } = item.notice;
    using limit = timeLimit(cut, timeoutMs);
    try {
      await sender.send(item.notice, limit.signal);
    } catch (error) {
      if (cut.aborted) return null;
      return this.#failed(item, asDeliveryError(error));
    }
    if (this.#failures > 0) logger.info({ receiver: name }, 'receiver is told again');
    this.#failures = 0;
    outbox.delivered(name, item);
    logger.debug({ receiver: name, id, event, after: clock.now() - item.notice.at }, 'told');
    return 0;
  }

  #failed(item: OutboxItem, error: DeliveryError): number {
    const { name, outbox, logger, clock } = this.#parts;
    const { id, event } = item.notice;
    const reason = error.message;
    const facts = { receiver: name, id, event, reason };
    const now = clock.now();
    outbox.failed(name, reason, now);
    if (error.isFinal) {
      outbox.giveUp(name, item);
      logger.error(facts, 'notice given up');
      return 0;
    }
    if (this.#failures === 0) logger.warn(facts, 'receiver cannot be told: tried again');
    const old = outbox.giveUpOlder(name, now - longestWayMs);
    if (old > 0) logger.error({ receiver: name, notices: old, reason }, 'notices given up');
    this.#failures += 1;
    return Math.max(this.#pause(), error.retryAfterMs ?? 0);
  }

  /** Twice as long each time, less up to half of it, so that not all come back at once. */
  #pause(): number {
    const full = Math.min(firstPauseMs * 2 ** (this.#failures - 1), longestPauseMs);
    return full * (1 - this.#parts.random() / 2);
  }
}
