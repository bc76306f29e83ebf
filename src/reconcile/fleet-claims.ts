import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { FleetSpec } from '../model/fleet.ts';

/**
 * Which source of this process has which fleet. Containers belong to a fleet by its name: two sources with one would take
 * away what the other has made.
 */
export class FleetClaims {
  readonly #owners = new Map<string, string>();

  /** Takes a fleet for a source from now on, or says that another has it. */
  claim(fleet: FleetSpec, source: string): Diagnostic | null {
    const owner = this.#owners.get(fleet.name) ?? source;
    this.#owners.set(fleet.name, owner);
    if (owner === source) return null;
    const message = `Cannot follow this commit: the fleet "${fleet.name}" is that of the source "${owner}", and two of one name would remove each other's containers`;
    return diagnosticAt(fleet.origin, 'name', 'fleet-of-another-source', message, {
      hint: 'Give the fleet.yaml of each source a name of its own',
    });
  }
}
