import type { Logger } from 'pino';

import type { DesiredState } from '../model/desired.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { messageOf } from '../model/errors.ts';
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
  /** What is wrong with following this here, beside what is wrong with the commit; null: nothing. */
  readonly claim?: (desired: DesiredState) => Diagnostic | null;
  readonly onAccepted: (loaded: Extract<LoadedRevision, { readonly kind: 'valid' }>) => void;
}

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

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** Takes up the commit that was in force, which needs no network, then looks for the head and follows every hint. */
  async start(): Promise<void> {
    await this.#resume();
    this.#watch = this.#parts.source.watch(() => this.hint());
    this.hint();
  }

  /** Somebody says that the repository may have something new: it is asked at once, and once more if it is being asked. */
  hint(): void {
    if (this.#looking !== null) {
      this.#again = true;
      return;
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (!this.#again) return;
      this.#again = false;
      this.hint();
    });
  }

  async #look(): Promise<void> {
    const { source, logger } = this.#parts;
    try {
      const head = await source.head(this.#stop.signal);
      if (formatRevision(head) === this.#looked) return;
      const loaded = await this.#judge(head);
      if (loaded.kind === 'valid') this.#accept(loaded);
      else this.#reject(loaded);
      // Only now: a commit that could not be recorded is looked at again.
      this.#looked = formatRevision(head);
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        logger.warn({ reason: messageOf(error) }, 'repository cannot be followed now');
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
      const loaded = await this.#load(renamed(revision, accepted));
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

  async #load(revision: Revision): Promise<LoadedRevision> {
    const { source, claim } = this.#parts;
    const loaded = await loadRevision(source, revision, this.#parts, this.#stop.signal);
    const wrong = loaded.kind === 'valid' ? (claim?.(loaded.desired) ?? null) : null;
    return wrong === null ? loaded : { kind: 'invalid', revision, diagnostics: [wrong] };
  }

  #accept(loaded: Extract<LoadedRevision, { readonly kind: 'valid' }>): void {
    const { revision } = loaded.desired;
    const { logger } = this.#parts;
    for (const diagnostic of loaded.diagnostics) {
      if (diagnostic.severity === 'warning')
        logger.warn(diagnostic, 'warning in an accepted commit');
    }
    logger.info({ revision: formatRevision(revision) }, 'commit accepted');
    this.#parts.onAccepted(loaded);
  }

  #reject({ revision, diagnostics }: Extract<LoadedRevision, { readonly kind: 'invalid' }>): void {
    const { journal, logger } = this.#parts;
    journal.reject(revision, diagnostics);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    logger.error(
      { revision: formatRevision(revision), problems: errors.length, first: errors[0] },
      'commit refused: the last accepted one stays in force',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#looking;
  }
}
