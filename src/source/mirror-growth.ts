import type { Logger } from 'pino';

import { messageOf } from '../model/errors.ts';
import type { Mirror } from './mirror.ts';

export interface GrowthLimits {
  readonly maxPacks?: number | undefined;
  readonly spareBytes?: number | undefined;
  readonly logger: Logger;
}

/**
 * Keeps a mirror from growing without bound. Each limit is moved on when it could not be kept to, so that what fails is not
 * tried with each fetch.
 */
export class MirrorGrowth {
  readonly #mirror: Mirror;
  readonly #logger: Logger;
  readonly #maxPacks: number;
  #joinAt: number;
  #renewAt: number;
  #spareBytes: number;

  constructor(
    mirror: Mirror,
    { maxPacks = 50, spareBytes = 64 * 1024 ** 2, logger }: GrowthLimits,
  ) {
    this.#mirror = mirror;
    this.#logger = logger;
    this.#maxPacks = maxPacks;
    this.#joinAt = maxPacks;
    this.#renewAt = 2 * maxPacks;
    this.#spareBytes = spareBytes;
  }

  get hasManyPacks(): boolean {
    return this.#mirror.packCount >= this.#joinAt;
  }

  /**
   * Only to begin anew helps then: what is fetched one by one is not stored as differences, what was forced away stays, and a
   * pack that has gone bad cannot be joined.
   */
  get isOvergrown(): boolean {
    const { bytes, wholeBytes, packCount } = this.#mirror;
    return bytes > 2 * wholeBytes + this.#spareBytes || packCount >= this.#renewAt;
  }

  /** The mirror could not be begun anew. */
  allowMore(reason: string): void {
    this.#spareBytes = this.#mirror.bytes;
    this.#renewAt = this.#mirror.packCount + this.#maxPacks;
    this.#logger.warn({ reason }, 'mirror cannot be made smaller now');
  }

  /**
   * Nobody waits for it, so it does not fail.
   *
   * @param afterwards makes those who read look for the packs anew
   */
  async joinPacks(signal: AbortSignal, afterwards: () => Promise<void>): Promise<void> {
    try {
      await this.#mirror.joinPacks(signal);
      await afterwards();
      this.#joinAt = this.#maxPacks;
    } catch (error) {
      this.#joinAt = this.#mirror.packCount + this.#maxPacks;
      if (signal.aborted) return;
      this.#logger.warn({ reason: messageOf(error) }, 'packs of the mirror cannot be joined now');
    }
  }
}
