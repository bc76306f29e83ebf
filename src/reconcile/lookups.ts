import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import type { ImageLookup, LookupOutcome, LookupRecord } from '../model/lookup.ts';
import { notAsked } from '../model/lookup.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Journal } from '../journal/journal.ts';

interface LookupParts {
  readonly fleet: Pick<Fleet, 'lookUp'>;
  readonly journal: Pick<Journal, 'state' | 'write'>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onAnswer: () => void;
}

const firstRetryMs = 5_000;
const longestRetryMs = 300_000;

/** Questions to registries, beside the loop: nothing but a decision that needs the answer waits for one. */
export class Lookups {
  readonly #parts: LookupParts;
  readonly #records = new Map<string, LookupRecord>();
  readonly #stop = new AbortController();

  constructor(parts: LookupParts) {
    this.#parts = parts;
  }

  records(): ReadonlyMap<string, LookupRecord> {
    return this.#records;
  }

  ask(lookups: readonly ImageLookup[]): void {
    for (const lookup of lookups) {
      const before = this.#records.get(lookup.key) ?? notAsked;
      if (before.isUnderWay || this.#stop.signal.aborted) continue;
      this.#records.set(lookup.key, { ...before, isUnderWay: true });
      void this.#ask(lookup, before);
    }
  }

  /** Gives up what is under way. */
  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #ask(lookup: ImageLookup, before: LookupRecord): Promise<void> {
    const { fleet, clock, onAnswer } = this.#parts;
    const askedAt = clock.now();
    const outcome = await fleet.lookUp(lookup, this.#stop.signal);
    if (this.#stop.signal.aborted) return;
    this.#records.set(lookup.key, recordAfter(before, outcome, askedAt, clock.now()));
    if (outcome.kind === 'resolved') this.#note(lookup, outcome.digest);
    else this.#complain(lookup, outcome, before);
    onAnswer();
  }

  /** Only what is new is written: most tags never move. */
  #note({ application, image }: ImageLookup, digest: string): void {
    const { journal, clock, logger } = this.#parts;
    const known = journal.state().applications.get(application)?.tags?.[image];
    if (known === digest) return;
    try {
      journal.write([{ kind: 'tag-seen', application, image, digest }], clock.now());
      if (known !== undefined) logger.info({ application, image, digest }, 'tag has moved');
    } catch (error) {
      logger.error({ error, application, image }, 'what a tag means cannot be recorded');
    }
  }

  /** Once: a registry that is down for a day is no news each minute. */
  #complain(
    { application, host, image }: ImageLookup,
    outcome: Failed,
    before: LookupRecord,
  ): void {
    const { reason, message } = outcome.failure;
    const level = before.failures === 0 ? 'warn' : 'debug';
    this.#parts.logger[level]({ application, host, image, reason, message }, 'lookup failed');
  }
}

type Failed = Extract<LookupOutcome, { readonly kind: 'failed' }>;

function recordAfter(
  before: LookupRecord,
  outcome: LookupOutcome,
  askedAt: number,
  now: number,
): LookupRecord {
  if (outcome.kind === 'resolved') {
    return { isUnderWay: false, answeredAt: askedAt, failure: null, failures: 0, retryAt: 0 };
  }
  const failures = before.failures + 1;
  const delay = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 10));
  const { failure } = outcome;
  return { ...before, isUnderWay: false, failure, failures, retryAt: now + delay };
}
