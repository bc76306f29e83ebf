import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import type { DesiredState } from '../model/desired.ts';
import { messageOf, StalledError } from '../model/errors.ts';
import type { JournalReader } from '../journal/journal.ts';
import type { ApplicationDecision } from '../rollout/decide-application.ts';
import { asWritten } from '../rollout/image-pins.ts';
import { rolloutKey } from '../rollout/target.ts';
import type { RevertParts } from './plan-revert.ts';
import { checkRevert, planRevert } from './plan-revert.ts';
import { revertMessage } from './revert-application.ts';

export interface WriteBackParts extends RevertParts {
  readonly journal: Pick<JournalReader, 'state'>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** `Name <address>` of the commits. */
  readonly author: string;
  /** Who this operator is, for the commit message. */
  readonly by: string;
}

const firstRetryMs = 5_000;
const lastRetryMs = 600_000;

/** Failures that only another commit can mend: they are not retried, the next commit is. */
const finalReasons: readonly string[] = [
  'ApplicationNotFound',
  'ChangeConflict',
  'InvalidRevert',
  'NoBranch',
  'OtherVersion',
  'RevisionNotFound',
  'SharedFiles',
];

/** An application as it was decided, as far as it matters here. */
type Due = Pick<ApplicationDecision, 'application' | 'target' | 'settled' | 'suspended'>;

/**
 * Commits automatic rollbacks to the repository where `fleet.yaml` says so, once each and beside the loop: whatever becomes
 * of a commit, the fleet is kept as it is. It remembers nothing: a commit that was made before a crash is found at the head
 * by the next try, which then has nothing to do.
 */
export class WriteBack implements AsyncDisposable {
  readonly #parts: WriteBackParts;
  readonly #stop = new AbortController();
  /** By application and the commit in force: written back, or given up. */
  readonly #settled = new Set<string>();
  #desired: DesiredState | null = null;
  #due: readonly Due[] = [];
  #working: Promise<void> | null = null;
  #failures = 0;
  #cancelRetry: (() => void) | null = null;

  constructor(parts: WriteBackParts) {
    this.#parts = parts;
  }

  /** The commit that is in force from now on. */
  follow(desired: DesiredState): void {
    this.#desired = desired;
    this.#due = [];
    this.#settled.clear();
    this.#failures = 0;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  /** What was decided last, after it was written to the journal. Does no work of its own. */
  decided(decision: { readonly applications: readonly Due[] }): void {
    if (this.#desired?.fleet.rollback.writeBack !== 'commit') return;
    this.#due = finishedRollbacks(decision.applications, this.#desired).filter((each) =>
      this.#isOpen(each),
    );
    if (this.#due.length > 0 && this.#cancelRetry === null) this.#begin();
  }

  #isOpen({ application }: Due): boolean {
    const record = this.#parts.journal.state().applications.get(application);
    return record?.rollout === null && !this.#settled.has(this.#keyOf(application));
  }

  #keyOf(application: string): string {
    return `${application} ${this.#desired?.revision.commit ?? ''}`;
  }

  #begin(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  async #work(): Promise<void> {
    for (;;) {
      const [due] = this.#due;
      const desired = this.#desired;
      if (due === undefined || desired === null || this.#stop.signal.aborted) return;
      try {
        await this.#commit(due, desired);
        this.#failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (!isFinal(error)) return this.#retryLater(due, error);
        this.#parts.logger.warn(
          { application: due.application, reason: messageOf(error) },
          'rollback is not committed: the next commit decides',
        );
      }
      if (desired === this.#desired) this.#settled.add(this.#keyOf(due.application));
      this.#due = this.#due.filter((each) => each !== due && this.#isOpen(each));
    }
  }

  #retryLater({ application }: Due, error: unknown): void {
    const delayMs = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    this.#parts.logger.warn(
      { application, reason: messageOf(error), retryInMs: delayMs },
      'rollback cannot be committed now',
    );
    this.#cancelRetry = this.#parts.clock.after(delayMs, () => {
      this.#cancelRetry = null;
      this.#begin();
    });
  }

  async #commit({ application, target }: Due, desired: DesiredState): Promise<void> {
    const { source, logger, author, by } = this.#parts;
    const { signal } = this.#stop;
    const to = await source.resolve(target.commit, signal);
    const failedIn = target.failed.at(-1)?.commit ?? desired.revision.commit;
    // Measured from the commit that failed: whoever changed the application since has taken it in hand.
    const base = await source.resolve(failedIn, signal);
    const plan = await planRevert(this.#parts, application, desired.revision, to, signal);
    if (plan.edits.size === 0) return;
    const made = await source.commit(
      {
        base: base.commit,
        edits: plan.edits,
        author,
        message: revertMessage({ ...plan, failed: target.failed, reason: null, by }),
        check: async (tree) => {
          const spec = await checkRevert(this.#parts, plan, tree, signal);
          if (rolloutKey(spec) !== rolloutKey(asWritten(target.spec)))
            throw otherVersion(application);
        },
      },
      signal,
    );
    if (made.kind === 'unchanged') return;
    const { commit } = made.revision;
    logger.info({ application, commit, to: to.commit }, 'rollback committed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelRetry?.();
    this.#stop.abort();
    await this.#working;
  }
}

/**
 * Applications that are back at last-known-good, those of a rollout group only when all of it is. Those that were only taken
 * along come first: once the one that failed is mended at the head, nothing would hold them back any more.
 */
function finishedRollbacks(
  decided: readonly Due[],
  { applications }: DesiredState,
): readonly Due[] {
  const groupOf = new Map(applications.map(({ name, rolloutGroup }) => [name, rolloutGroup]));
  const rolledBack = decided.filter(({ target }) => target.mode === 'rollback');
  const pending = new Set(
    rolledBack
      .filter(({ settled }) => !settled)
      .map(({ application }) => groupOf.get(application) ?? null),
  );
  const isThrough = ({ application, settled, suspended }: Due): boolean => {
    const group = groupOf.get(application) ?? null;
    return settled && !suspended && (group === null || !pending.has(group));
  };
  return rolledBack
    .filter(isThrough)
    .toSorted(
      (a, b) => Number(b.target.failedWith !== null) - Number(a.target.failedWith !== null),
    );
}

function isFinal(error: unknown): boolean {
  return error instanceof StalledError && finalReasons.includes(error.reason);
}

function otherVersion(application: string): StalledError {
  return new StalledError(
    'OtherVersion',
    `Cannot commit the rollback of ${application}: with its former files it would still not be what runs now, since fleet.yaml has changed for it`,
  );
}
