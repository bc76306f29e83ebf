import type { ServiceSpec } from '../model/application.ts';
import type { MetricStanding } from '../model/autoscale.ts';
import { loadKey } from '../model/autoscale.ts';
import type { World } from './world.ts';

/** By what the number of instances goes. */
export interface AutoscaleStatus {
  readonly min: number;
  readonly max: number;
  /** As they were measured last; none before. */
  readonly metrics: readonly MetricStanding[];
}

/** Null: the number is as it is written. */
export function autoscaleStatus(
  { journal }: Pick<World, 'journal'>,
  application: string,
  { name, autoscale }: Pick<ServiceSpec, 'name' | 'autoscale'>,
): AutoscaleStatus | null {
  if (autoscale === undefined) return null;
  const { min, max } = autoscale;
  return { min, max, metrics: journal.loads.get(loadKey(application, name)) ?? [] };
}
