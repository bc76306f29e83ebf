import type { ApplicationSpec } from './application.ts';
import type { FleetSpec } from './fleet.ts';
import type { Revision } from './revision.ts';

/** What an accepted commit asks for. */
export interface DesiredState {
  readonly revision: Revision;
  readonly fleet: FleetSpec;
  /** Sorted by name. */
  readonly applications: readonly ApplicationSpec[];
}
