import { createHash } from 'node:crypto';

/** What happened in a run, one line per happening, for people and to compare two runs. */
export class Trace {
  readonly #startAt: number;
  readonly #now: () => number;
  readonly #lines: string[] = [];

  constructor(now: () => number) {
    this.#now = now;
    this.#startAt = now();
  }

  /** @param who `operator`, `git`, `world`, or the name of a host */
  add(who: string, what: string): void {
    const seconds = (this.#now() - this.#startAt) / 1_000;
    this.#lines.push(`${seconds.toFixed(3).padStart(10)}  ${who.padEnd(8)}  ${what}`);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  digest(): string {
    return createHash('sha256').update(this.#lines.join('\n')).digest('hex');
  }
}
