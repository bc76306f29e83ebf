import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { FleetSpec } from '../model/fleet.ts';
import type { Claims } from './follower.ts';

/**
 * Which source of this process has which fleet. Containers belong to a fleet by its name: two sources with one would take
 * away what the other has made.
 */
export class FleetClaims {
  readonly #owners = new Map<string, string>();
  /** By the fleet that they wait for, then by source. */
  readonly #waiting = new Map<string, Map<string, () => void>>();
  readonly #resuming: Set<string>;
  readonly #allResumed: Promise<void>;
  #onAllResumed: () => void = () => undefined;

  /** @param sources names of all */
  constructor(sources: readonly string[]) {
    this.#resuming = new Set(sources);
    this.#allResumed = new Promise((resolve) => {
      this.#onAllResumed = resolve;
    });
  }

  /** What one source sees of it. Nobody's head is judged before all have what was theirs: else a restart could swap fleets. */
  of(source: string): Claims {
    return {
      claim: (fleet, onFree) => this.#claim(fleet, source, onFree),
      resumed: () => {
        this.#resuming.delete(source);
        if (this.#resuming.size === 0) this.#onAllResumed();
      },
      allResumed: this.#allResumed,
    };
  }

  /** A source has one fleet at a time: with a new one it gives up the former. */
  #claim(fleet: FleetSpec, source: string, onFree: () => void): Diagnostic | null {
    for (const waiting of this.#waiting.values()) waiting.delete(source);
    const owner = this.#owners.get(fleet.name) ?? source;
    if (owner === source) {
      const former = [...this.#owners]
        .filter(([, other]) => other === source)
        .map(([name]) => name);
      for (const name of former) this.#owners.delete(name);
      this.#owners.set(fleet.name, source);
      for (const name of former) if (name !== fleet.name) this.#free(name);
      return null;
    }
    const waiting = this.#waiting.get(fleet.name) ?? new Map<string, () => void>();
    this.#waiting.set(fleet.name, waiting.set(source, onFree));
    const message = `Cannot follow this commit: the fleet "${fleet.name}" is that of the source "${owner}", and two of one name would remove each other's containers`;
    return diagnosticAt(fleet.origin, 'name', 'fleet-of-another-source', message, {
      hint: 'Give the fleet.yaml of each source a name of its own',
    });
  }

  #free(fleet: string): void {
    const waiting = [...(this.#waiting.get(fleet)?.values() ?? [])];
    this.#waiting.delete(fleet);
    for (const onFree of waiting) onFree();
  }
}
