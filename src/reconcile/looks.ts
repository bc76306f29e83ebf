import type { HostName } from '../model/names.ts';
import type { Fleet } from '../fleet/fleet.ts';

interface LookParts {
  readonly fleet: Pick<Fleet, 'look' | 'snapshot' | 'unseen'>;
  /** A look has ended. */
  readonly onEnd: () => void;
}

/** Looks at hosts beside the loop, at each by itself: one that answers slowly holds up what is decided on no other. */
export class Looks {
  readonly #parts: LookParts;
  readonly #stop = new AbortController();
  /** The last look that a decision waits for, by host. */
  readonly #awaited = new Map<HostName, Promise<void>>();
  readonly #again = new Set<HostName>();

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  /** Whether a decision has to wait. */
  get isAwaited(): boolean {
    return this.#awaited.size > 0;
  }

  /**
   * A host that was never looked at must not be taken for one that is away: nothing is decided before each has been seen
   * once, or has failed to answer once. One that has failed is not waited for again, whatever is asked for meanwhile.
   */
  awaitNew(): void {
    for (const host of this.#parts.fleet.unseen()) this.#await(host);
  }

  /** What is known of the hosts will not do: nothing is decided before each of them that is not away was looked at anew. */
  awaitAll(): void {
    this.awaitNew();
    for (const host of this.#reachable()) this.#await(host);
  }

  /** Looks at these hosts once more, one look at a time at each. */
  again(hosts: readonly HostName[]): void {
    for (const host of hosts) {
      if (this.#again.has(host)) continue;
      this.#again.add(host);
      void this.#look(host).finally(() => {
        this.#again.delete(host);
        this.#parts.onEnd();
      });
    }
  }

  /** Gives up what is under way. */
  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  #await(host: HostName): void {
    const look = this.#look(host).finally(() => {
      if (this.#awaited.get(host) === look) this.#awaited.delete(host);
      this.#parts.onEnd();
    });
    this.#awaited.set(host, look);
  }

  #look(host: HostName): Promise<void> {
    return this.#parts.fleet.look(host, this.#stop.signal);
  }

  #reachable(): readonly HostName[] {
    const observations = [...this.#parts.fleet.snapshot().values()];
    return observations.flatMap(({ kind, host }) => (kind === 'reachable' ? [host] : []));
  }
}
