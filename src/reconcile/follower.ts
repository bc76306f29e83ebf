import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { FleetSpec } from '../model/fleet.ts';
import { messageOf, TransientError } from '../model/errors.ts';
import { formatRevision, renamed } from '../model/revision.ts';
import type { Revision } from '../model/revision.ts';
import type { Journal } from '../journal/journal.ts';
import type { Source } from '../source/source.ts';
import { judgeHead, type NonFastForward } from './judge-head.ts';
import type { LoadedRevision, Reading } from './load-revision.ts';
import { loadRevision } from './load-revision.ts';

export interface FollowerParts extends Reading {
  readonly source: Source;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly nonFastForward: NonFastForward;
  /** Keeps out commits that name the fleet of another source; absent: there is no other. */
  readonly claims?: Claims;
  /** Keeps out commits whose plan is not approved; absent: none is. */
  readonly approval?: Approval;
  /** Told after each look whether the repository could be reached. */
  readonly onReached?: (isReached: boolean) => void;
  readonly onAccepted: (loaded: Extract<LoadedRevision, { readonly kind: 'valid' }>) => void;
}

export interface Claims {
  /**
   * Why the fleet cannot be that of this source; null: it is from now on.
   *
   * @param onFree is called once, when another source gives up the fleet that this one asked for last
   */
  readonly claim: (fleet: FleetSpec, onFree: () => void) => Diagnostic | null;
  /** This source has taken up the commit that was in force, or cannot. */
  readonly resumed: () => void;
  /** All sources have. */
  readonly allResumed: Promise<void>;
}

export interface Approval {
  /** Why a valid commit is not taken into force now; null: it is. */
  readonly judge: (desired: DesiredState, signal: AbortSignal) => Promise<Diagnostic | null>;
  readonly clock: Pick<Clock, 'after'>;
}

/** Nothing was heard of it; a refusal comes from somebody. */
function isAway(error: unknown): boolean {
  return error instanceof TransientError && error.reason === 'GitUnreachable';
}

/** How long a commit whose plan is not approved waits for the next look: the fleet may become what was approved. */
const nextLookMs = 30_000;

/**
 * Follows the repository: a hint from the source makes it look for a new head, read it, and accept or refuse it as a whole.
 * Whatever goes wrong, the last accepted commit stays in force.
 */
export class Follower implements AsyncDisposable {
  readonly #parts: FollowerParts;
  readonly #stop = new AbortController();
  /** The last head that was judged, as it is shown. */
  #looked: string | null = null;
  #looking: Promise<void> | null = null;
  #again = false;
  #watch: AsyncDisposable | null = null;
  /** The last refusal that was logged. */
  #refusal = '';
  #cancelNextLook: () => void = () => undefined;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** Takes up the commit that was in force, which needs no network, then looks for the head and follows every hint. */
  async start(): Promise<void> {
    await this.#alone(this.#resume());
    this.#parts.claims?.resumed();
    this.#watch = this.#parts.source.watch(() => this.hint());
    this.hint();
  }

  /** Somebody says that the repository may have something new: it is asked at once, and once more if it is being asked. */
  hint(): void {
    if (this.#looking !== null) {
      this.#again = true;
      return;
    }
    void this.#alone(this.#look());
  }

  /** One thing at a time: what is hinted at meanwhile is looked at afterwards. */
  #alone(task: Promise<void>): Promise<void> {
    this.#looking = task.finally(() => {
      this.#looking = null;
      if (!this.#again) return;
      this.#again = false;
      this.hint();
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { source, logger } = this.#parts;
    this.#cancelNextLook();
    let isPlanDue = false;
    try {
      const head = await source.head(this.#stop.signal);
      this.#parts.onReached?.(true);
      if (formatRevision(head) === this.#looked) return;
      await this.#parts.claims?.allResumed;
      const loaded = await this.#judge(head);
      if (loaded.kind === 'valid') {
        isPlanDue = true;
        const refusal = await this.#judgePlan(loaded.desired);
        if (refusal !== null) {
          // Also when the head goes back to what was looked at last, this refusal is over.
          this.#looked = null;
          this.#reject({ kind: 'invalid', revision: head, diagnostics: [refusal] });
          return this.#lookLater();
        }
      }
      const claimed = this.#claim(loaded);
      if (claimed.kind === 'valid') this.#accept(claimed);
      else this.#reject(claimed);
      // Only now: a commit that could not be recorded is looked at again.
      this.#looked = formatRevision(head);
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        logger.warn({ reason: messageOf(error) }, 'repository cannot be followed now');
        this.#parts.onReached?.(!isAway(error));
        if (isPlanDue) this.#lookLater();
      }
    }
  }

  /** The commit that was in force before this start: it is kept up while the head is bad or Git is away. */
  async #resume(): Promise<void> {
    const { journal, source, logger } = this.#parts;
    const accepted = journal.accepted();
    if (accepted === null) return;
    try {
      const revision = await source.resolve(accepted.commit, this.#stop.signal);
      const loaded = this.#claim(await this.#load(renamed(revision, accepted)));
      if (loaded.kind === 'valid') {
        this.#accept(loaded);
        this.#looked = formatRevision(accepted);
      } else {
        this.#reject(loaded);
      }
    } catch (error) {
      logger.warn(
        { revision: formatRevision(accepted), reason: messageOf(error) },
        'the commit in force cannot be read now',
      );
    }
  }

  async #judge(head: Revision): Promise<LoadedRevision> {
    const { source, journal, nonFastForward } = this.#parts;
    const accepted = journal.accepted();
    const wrong = await judgeHead(source, accepted, head, nonFastForward, this.#stop.signal);
    return wrong === null
      ? this.#load(head)
      : { kind: 'invalid', revision: head, diagnostics: [wrong] };
  }

  async #judgePlan(desired: DesiredState): Promise<Diagnostic | null> {
    return (await this.#parts.approval?.judge(desired, this.#stop.signal)) ?? null;
  }

  /** Another fleet has another plan. A hint that comes earlier takes its place. */
  #lookLater(): void {
    const { approval } = this.#parts;
    if (approval === undefined || this.#stop.signal.aborted) return;
    this.#cancelNextLook = approval.clock.after(nextLookMs, () => this.hint());
  }

  /** The same head, for something else has changed. */
  #lookAnew(): void {
    if (this.#stop.signal.aborted) return;
    this.#looked = null;
    this.hint();
  }

  #load(revision: Revision): Promise<LoadedRevision> {
    return loadRevision(this.#parts.source, revision, this.#parts, this.#stop.signal);
  }

  /** Last, when nothing else is wrong, since it makes the fleet that of this source. */
  #claim(loaded: LoadedRevision): LoadedRevision {
    if (loaded.kind === 'invalid') return loaded;
    const { revision, fleet } = loaded.desired;
    const wrong = this.#parts.claims?.claim(fleet, () => this.#lookAnew()) ?? null;
    return wrong === null ? loaded : { kind: 'invalid', revision, diagnostics: [wrong] };
  }

  #accept(loaded: Extract<LoadedRevision, { readonly kind: 'valid' }>): void {
    const { revision } = loaded.desired;
    const { logger, source } = this.#parts;
    for (const diagnostic of loaded.diagnostics) {
      if (diagnostic.severity === 'warning')
        logger.warn(diagnostic, 'warning in an accepted commit');
    }
    source.keep(revision.commit);
    logger.info({ revision: formatRevision(revision) }, 'commit accepted');
    this.#parts.onAccepted(loaded);
  }

  #reject({ revision, diagnostics }: Extract<LoadedRevision, { readonly kind: 'invalid' }>): void {
    const { journal, logger } = this.#parts;
    journal.reject(revision, diagnostics);
    const refusal = JSON.stringify([revision.commit, diagnostics]);
    if (refusal === this.#refusal) return;
    this.#refusal = refusal;
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    logger.error(
      { revision: formatRevision(revision), problems: errors.length, first: errors[0] },
      'commit refused: the last accepted one stays in force',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#cancelNextLook();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#looking;
  }
}
