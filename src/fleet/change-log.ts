import type { EngineChange } from '../model/engine-change.ts';
import { label } from '../model/labels.ts';
import type { Action } from '../model/step.ts';
import type { ContainerId } from '../model/names.ts';
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

  /** A step of ours begins, whose events are no changes of others. Returns the way to say when it is over. */
  expect(action: Action): (now: number) => void {
    return this.#own.expect(action);
  }

  /**
   * Gives whether a step of ours has made the event.
   *
   * @param isOurs whether a container is one of those that are read in full
   */
  take(event: WireEvent, receivedAt: number, isOurs: (container: ContainerId) => boolean): boolean {
    if (this.#isKnown(event)) return false;
    if (event.timeNano !== undefined) {
      this.#lastAt = Math.max(this.#lastAt ?? 0, Math.floor(event.timeNano / 1_000_000));
    }
    if (this.#own.takes(event, receivedAt)) return true;
    const change = readEvent(event, receivedAt);
    if (change === null) return false;
    const isLabelled = event.Actor?.Attributes?.[label.fleet] === this.#fleet;
    if (change.container === null || isLabelled || isOurs(change.container)) this.#keep(change);
    return false;
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

function subjectOf({ container, object }: EngineChange): string {
  return container ?? object;
}
