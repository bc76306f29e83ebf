import type { DriftValue } from '../model/drift.ts';

/** A field that differs, in the words of the manifest. */
export interface FieldDifference {
  readonly path: string;
  readonly desired: DriftValue;
  readonly observed: DriftValue;
}
