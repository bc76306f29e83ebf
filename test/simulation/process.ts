import type { Clock } from '../../src/model/clock.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Thrown inside a process that was killed in the middle of what it was doing, so that it goes no further. */
export class Killed extends Error {
  constructor() {
    super('the process was killed');
    this.name = 'Killed';
  }
}

/**
 * One incarnation of the operator as the world sees it. All that reaches it, its timers and every answer, goes through
 * here: once it was killed nothing does any more, and while it is frozen (SIGSTOP) everything waits.
 */
export class Process {
  readonly #world: VirtualClock;
  #state: 'running' | 'frozen' | 'killed' = 'running';
  #held: (() => void)[] = [];
  readonly #mourners = new Set<() => void>();

  constructor(world: VirtualClock) {
    this.#world = world;
  }

  get isAlive(): boolean {
    return this.#state !== 'killed';
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen';
  }

  readonly clock: Clock = {
    now: () => this.#world.now(),
    after: (ms, callback) => {
      if (this.#state === 'killed') return () => {};
      let isWanted = true;
      const cancel = this.#world.after(ms, () => {
        this.deliver(() => {
          if (isWanted) callback();
        });
      });
      return () => {
        isWanted = false;
        cancel();
      };
    },
  };

  /** Something from outside reaches the process: now, when it is awake again, or never. */
  deliver(callback: () => void): void {
    if (this.#state === 'running') callback();
    else if (this.#state === 'frozen') this.#held.push(callback);
  }

  /** Calls back when the process is killed: its connections are closed then. Returns the way to cancel that. */
  onKilled(callback: () => void): () => void {
    this.#mourners.add(callback);
    return () => this.#mourners.delete(callback);
  }

  kill(): void {
    this.#state = 'killed';
    this.#held = [];
    for (const callback of this.#mourners) callback();
    this.#mourners.clear();
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    const held = this.#held;
    this.#held = [];
    for (const callback of held) this.#world.after(0, () => this.deliver(callback));
  }
}
