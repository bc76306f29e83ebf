import type { EngineChange } from '../model/engine-change.ts';
import { label } from '../model/labels.ts';
import type { Action, StepOutcome } from '../model/step.ts';
import type { IsOurs } from './own-events.ts';
import { OwnEvents } from './own-events.ts';
import { readEvent } from './read-event.ts';
import type { WireEvent } from './wire.ts';

/** Kept of one container, network or volume, and of all of a host. */
const keptOfEach = 8;
const keptOfAll = 256;

/** What others did on one host, as far as its engine told: the last of it. */
export class ChangeLog {
  readonly #fleet: string;
  readonly #own = new OwnEvents();
  /** By the clock of the engine, the oldest first. */
  #kept: readonly EngineChange[] = [];
  /** What was taken already, also of what was not kept: an event can come by two ways. */
  #taken: Set<string> = new Set();
  #lastAt: number | null = null;
  #projected: { readonly skewMs: number; readonly changes: readonly EngineChange[] } | null = null;

  constructor(fleet: string) {
    this.#fleet = fleet;
  }

  /** When the last event happened, by the clock of the engine in milliseconds since the epoch; null: none came yet. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** A step of ours begins, whose events are no changes of others. Returns the way to say what came of it, and when. */
  expect(action: Action): (outcome: StepOutcome, now: number) => void {
    const owed = this.#own.expect(action);
    return (outcome, now) => {
      if (!isOfOthers(outcome)) return owed.end(now);
      for (const { event, receivedAt, isOurs } of owed.giveBack()) {
        this.#note(event, receivedAt, isOurs);
      }
    };
  }

  /**
   * Gives whether a step of ours has made the event.
   *
   * @param isOurs whether a container is one of those that are read in full
   */
  take(event: WireEvent, receivedAt: number, isOurs: IsOurs): boolean {
    if (this.#isKnown(event)) return false;
    if (event.timeNano !== undefined) {
      this.#lastAt = Math.max(this.#lastAt ?? 0, Math.floor(event.timeNano / 1_000_000));
    }
    if (this.#own.takes({ event, receivedAt, isOurs })) return true;
    this.#note(event, receivedAt, isOurs);
    return false;
  }

  #note(event: WireEvent, receivedAt: number, isOurs: IsOurs): void {
    const change = readEvent(event, receivedAt);
    if (change === null) return;
    const isLabelled = event.Actor?.Attributes?.[label.fleet] === this.#fleet;
    if (change.container === null || isLabelled || isOurs(change.container)) this.#keep(change);
  }

  /** @param skewMs how far the clock of the host is ahead of ours */
  changes(skewMs: number): readonly EngineChange[] {
    if (this.#projected?.skewMs !== skewMs) {
      const changes = this.#kept.map((change) => ({ ...change, at: change.at - skewMs }));
      this.#projected = { skewMs, changes };
    }
    return this.#projected.changes;
  }

  #isKnown({ Action, Actor, timeNano }: WireEvent): boolean {
    if (timeNano === undefined) return false;
    const key = [timeNano, Action, Actor?.ID, Actor?.Attributes?.['container']].join(' ');
    if (this.#taken.has(key)) return true;
    this.#taken.add(key);
    // As many as the engine keeps itself, and some more.
    if (this.#taken.size > 2 * keptOfAll) {
      this.#taken = new Set([...this.#taken].slice(keptOfAll));
    }
    return false;
  }

  #keep(change: EngineChange): void {
    this.#projected = null;
    const all = [...this.#kept, change].toSorted((a, b) => a.at - b.at);
    const same = all.filter((other) => subjectOf(other) === subjectOf(change));
    const tooMany = same.length > keptOfEach ? same[0] : undefined;
    this.#kept = all.filter((other) => other !== tooMany).slice(-keptOfAll);
  }
}

/** A step that found nothing left to do has made no events. */
function isOfOthers(outcome: StepOutcome): boolean {
  return outcome.kind === 'skipped' || (outcome.kind === 'done' && outcome.byOthers === true);
}

function subjectOf({ container, object }: EngineChange): string {
  return container ?? object;
}
