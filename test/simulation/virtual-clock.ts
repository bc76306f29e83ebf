import type { Clock } from '../../src/model/clock.ts';

interface Event {
  readonly at: number;
  /** In the order of making: of two events at one time the older one comes first. */
  readonly order: number;
  /** Null when it was cancelled. */
  callback: (() => void) | null;
}

/**
 * Time that passes only from one event to the next. Nothing happens in between, so that a run depends on nothing but its
 * seed.
 */
export class VirtualClock implements Clock {
  /** A binary heap: no event is before its parent at half its index. */
  readonly #events: Event[] = [];
  #now: number;
  #made = 0;

  constructor(startAt: number) {
    this.#now = startAt;
  }

  readonly now = (): number => this.#now;

  after(ms: number, callback: () => void): () => void {
    const event: Event = {
      at: this.#now + Math.max(0, Math.ceil(ms)),
      order: (this.#made += 1),
      callback,
    };
    this.#push(event);
    return () => {
      event.callback = null;
    };
  }

  /**
   * Goes to the next event that is due by `until` and lets it happen, with everything that follows from it without time
   * passing. Gives false when there is none; then it is `until`.
   */
  async step(until: number): Promise<boolean> {
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.at > until) {
        this.#now = Math.max(this.#now, until);
        return false;
      }
      this.#pop();
      const { callback } = next;
      if (callback === null) continue;
      this.#now = next.at;
      callback();
      await settle();
      return true;
    }
  }

  /** Lets happen what is due until a promise is settled that waits for some of it. */
  async during(work: Promise<unknown>): Promise<void> {
    const state = { isOver: false };
    const over = (): void => {
      state.isOver = true;
    };
    work.then(over, over);
    await settle();
    while (!state.isOver) await this.step(Number.MAX_SAFE_INTEGER);
  }

  #push(event: Event): void {
    const events = this.#events;
    let index = events.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = events[parent];
      if (above === undefined || !isBefore(event, above)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  #pop(): void {
    const events = this.#events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const [left, right] = [events[child], events[child + 1]];
      if (left === undefined) break;
      let smaller = left;
      if (right !== undefined && isBefore(right, left)) {
        smaller = right;
        child += 1;
      }
      if (!isBefore(smaller, last)) break;
      events[index] = smaller;
      index = child;
    }
    events[index] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Who waits until nothing else can run. */
const settling: (() => void)[] = [];
let immediates = 0;
/** Each turn of Node's loop asks the system for news, which costs more than most events: one turn serves this many. */
const immediatesPerTurn = 64;

/** Lets all promises and ticks run that wait for nothing else: Node empties both queues before each immediate. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    settling.push(resolve);
    if (immediates === 0) takeTurn();
  });
}

function takeTurn(): void {
  immediates = immediatesPerTurn;
  for (let index = 0; index < immediatesPerTurn; index += 1) setImmediate(settleNext);
}

function settleNext(): void {
  immediates -= 1;
  settling.shift()?.();
  if (immediates === 0 && settling.length > 0) takeTurn();
}
