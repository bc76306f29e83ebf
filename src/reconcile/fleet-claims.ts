import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { FleetSpec } from '../model/fleet.ts';
import type { Claims } from './follower.ts';

/**
 * Which source of this process has which fleet. Containers belong to a fleet by its name: two sources with one would take
 * away what the other has made.
 */
export class FleetClaims {
  readonly #owners = new Map<string, string>();
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
      claim: (fleet) => this.#claim(fleet, source),
      resumed: () => {
        this.#resuming.delete(source);
        if (this.#resuming.size === 0) this.#onAllResumed();
      },
      allResumed: this.#allResumed,
    };
  }

  /** A source has one fleet at a time: with a new one it gives up the former. */
  #claim(fleet: FleetSpec, source: string): Diagnostic | null {
    const owner = this.#owners.get(fleet.name) ?? source;
    if (owner === source) {
      for (const [name, other] of this.#owners) if (other === source) this.#owners.delete(name);
      this.#owners.set(fleet.name, source);
      return null;
    }
    const message = `Cannot follow this commit: the fleet "${fleet.name}" is that of the source "${owner}", and two of one name would remove each other's containers`;
    return diagnosticAt(fleet.origin, 'name', 'fleet-of-another-source', message, {
      hint: 'Give the fleet.yaml of each source a name of its own',
    });
  }
}
