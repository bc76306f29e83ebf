import { rollBare } from './bare-roll.ts';
import { rollCompose } from './compose.ts';
import { rollOurs } from './ours.ts';
import { rollSwarm } from './swarm.ts';
import type { Ground, Roll } from './workload.ts';

export type SideName = 'ours' | 'bare' | 'swarm' | 'compose';

/** Who makes the update. */
export interface Side {
  readonly name: SideName;
  /** Deploys the old version, measures the update, and leaves the new version there. */
  readonly roll: (ground: Ground, parallelism: number) => Promise<Roll>;
}

const sides: readonly Side[] = [
  { name: 'ours', roll: rollOurs },
  { name: 'swarm', roll: rollSwarm },
  { name: 'bare', roll: rollBare },
];

/** Compose knows no other way than all at once. */
export function sidesAt(parallelism: number): readonly Side[] {
  return parallelism === 0 ? [...sides, { name: 'compose', roll: rollCompose }] : sides;
}
