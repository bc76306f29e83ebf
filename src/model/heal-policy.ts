import type { Origin } from './origin.ts';

/** Classes of drift that are healed unless a manifest or fleet.yaml says otherwise. */
export const healedClasses = [
  'missing',
  'stopped',
  'paused',
  'renamed',
  'mutable-field',
  'immutable-field',
  'network',
] as const;

export type HealedClass = (typeof healedClasses)[number];

/** What becomes of drift: it is healed, only reported, or left alone and listed apart. */
export type HealChoice = 'heal' | 'report' | 'ignore';

/** What one file says of one class, and where. */
export interface HealSetting {
  readonly choice: HealChoice;
  readonly origin: Origin;
}

/** What one file says of the classes of drift; what it leaves out is not said. */
export type HealPolicy = Readonly<Partial<Record<HealedClass, HealSetting>>>;
