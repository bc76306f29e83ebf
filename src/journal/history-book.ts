import type Database from 'libsql';

import type { Diagnostic } from '../model/diagnostic.ts';
import type { HistoryEntry, HistoryKind } from '../model/history.ts';
import { reduceJournal } from '../model/journal-reduce.ts';
import type { JournalEntry, JournalState } from '../model/journal-state.ts';
import { slotKey } from '../model/labels.ts';
import type { CommitSha } from '../model/names.ts';
import type { OperatorRequest } from '../model/request.ts';
import type { Revision } from '../model/revision.ts';
import type { Step, StepOutcome } from '../model/step.ts';
import { tellAccepted, tellBegun, tellRejected } from '../model/tell-commit.ts';
import type { TellContext } from '../model/tell-entry.ts';
import { tellEntry } from '../model/tell-entry.ts';
import { tellStep } from '../model/tell-step.ts';
import { appendHistory, lastOfKind, trimHistory } from './history-rows.ts';
import { endHeals, healStep } from './open-heals.ts';
import { readAccepted, readFact } from './sqlite-reader.ts';

export interface HistoryOptions {
  /** Bytes that the history may take; the oldest entries go first. */
  readonly budget: number;
  /** Why there is nothing before its first entry; empty: nothing is known of that. */
  readonly begunBecause: string;
}

/** Some 100,000 entries. */
export const defaultHistoryBudget = 64 * 1024 ** 2;

export interface HistoryParts extends HistoryOptions {
  readonly database: Database.Database;
  readonly prepare: (query: string) => Database.Statement;
  readonly requests: () => readonly OperatorRequest[];
}

const bytesFact = 'historyBytes';
const remembered = 1_000;
/** What makes something else of a slot that is under repair. */
const overtaking: ReadonlySet<HistoryKind> = new Set([
  'rollout-started',
  'rollback-started',
  'pruned',
]);

/** Writes the history beside what it tells of: each method is called within the transaction that does that. */
export class HistoryBook {
  readonly #parts: HistoryParts;
  /** Null: the history knows nothing of it. */
  readonly #revisions = new Map<CommitSha, Pick<Revision, 'author' | 'subject'> | null>();

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** @param entries what the commit changes of the journal, which is still as it was before */
  accepted(
    revision: Revision,
    entries: readonly JournalEntry[],
    before: JournalState,
    at: number,
  ): void {
    const inForce = this.#inForce();
    const isNew = inForce?.commit !== revision.commit;
    this.#revisions.delete(revision.commit);
    this.#append(isNew ? [tellAccepted(revision, at)] : [], inForce ?? revision, at);
    this.written(entries, before, at, revision);
  }

  rejected(revision: Revision, diagnostics: readonly Diagnostic[], at: number): void {
    this.#append([tellRejected(revision, diagnostics, at)], this.#inForce(), at);
  }

  /** @param before the journal before the first of the entries */
  written(
    entries: readonly JournalEntry[],
    before: JournalState,
    at: number,
    inForce: Revision | null = this.#inForce(),
  ): void {
    const context = { ...this.#context(entries, at), inForce };
    const told: HistoryEntry[] = [];
    let state = before;
    for (const entry of entries) {
      const one = tellEntry(entry, { ...context, before: state });
      if (one !== null) {
        this.#endHeals(one);
        told.push(one);
      }
      state = reduceJournal(state, entry);
    }
    if (told.length > 0) this.#append(told, inForce, at);
  }

  step(step: Step, outcome: StepOutcome, startedAt: number, endedAt: number): void {
    const inForce = this.#inForce();
    const actor = this.#revisionOf(step.cause.commit, inForce)?.author ?? '';
    const told = tellStep(step, outcome, actor, startedAt, endedAt);
    this.#append([told], inForce, endedAt, healStep(this.#parts.prepare, step, told));
  }

  #endHeals(entry: HistoryEntry): void {
    const { prepare } = this.#parts;
    const { kind, application } = entry;
    if (kind === 'healed') endHeals(prepare, application, slotKey(entry));
    if (overtaking.has(kind)) endHeals(prepare, application);
  }

  #inForce(): Revision | null {
    return readAccepted(this.#parts.database);
  }

  #context(entries: readonly JournalEntry[], at: number): Omit<TellContext, 'before' | 'inForce'> {
    const { prepare } = this.#parts;
    const answers = entries.filter((entry) => entry.kind === 'request-answered');
    const open = answers.length === 0 ? [] : this.#parts.requests();
    const requestOf = (id: number): OperatorRequest | null =>
      open.find((request) => request.id === id) ?? null;
    return {
      at,
      requestOf,
      isRepaired: (slot) =>
        entries.some((entry) => entry.kind === 'repaired' && entry.slot === slot),
      revisionOf: (commit) => this.#revisionOf(commit, this.#inForce()),
      askedBy: (application) => {
        const answer = answers.find((one) => one.accepted && one.application === application);
        return answer === undefined ? null : (requestOf(answer.request)?.by ?? null);
      },
      stepsSince: (application, since) => {
        const [row] = prepare(
          'SELECT count(*) AS steps FROM history WHERE is_step = 1 AND application = ? AND at >= ?',
        ).all(application, since) as readonly { readonly steps: number }[];
        return row?.steps ?? 0;
      },
      removedAt: (application) =>
        lastOfKind(prepare, application, 'application-removed')?.at ?? null,
    };
  }

  /** From the commit in force, or from what the history says of its acceptance. */
  #revisionOf(
    commit: CommitSha,
    inForce: Revision | null,
  ): Pick<Revision, 'author' | 'subject'> | null {
    if (inForce?.commit === commit) return inForce;
    const known = this.#revisions.get(commit);
    if (known !== undefined) return known;
    const rows = this.#parts
      .prepare(
        `SELECT entry FROM history WHERE is_step = 0 AND application = '' AND host = ''
         ORDER BY at DESC LIMIT ${remembered}`,
      )
      .all() as readonly { readonly entry: string }[];
    if (this.#revisions.size >= remembered) this.#revisions.clear();
    const accepted = rows
      .map(({ entry }) => JSON.parse(entry) as HistoryEntry)
      .find((entry) => entry.kind === 'commit-accepted' && entry.commit === commit);
    const revision =
      accepted === undefined ? null : { author: accepted.actor, subject: accepted.message };
    this.#revisions.set(commit, revision);
    return revision;
  }

  /** @param grown the bytes that entries which were there take more than before */
  #append(entries: readonly HistoryEntry[], inForce: Revision | null, at: number, grown = 0): void {
    const { database, prepare, budget, begunBecause } = this.#parts;
    const known = readFact(database, bytesFact) as number | null;
    if (entries.length === 0 && known !== null) return;
    const first = known === null ? [tellBegun(inForce, begunBecause, at)] : [];
    const added = [...first, ...entries].map((entry) => appendHistory(prepare, entry));
    const bytes = added.reduce((sum, each) => sum + each, (known ?? 0) + grown);
    prepare('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)').run(
      bytesFact,
      String(trimHistory(prepare, bytes, budget)),
    );
  }
}
