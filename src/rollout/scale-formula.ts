import type {
  AutoscaleSpec,
  MetricName,
  QueryReading,
  Recommendation,
} from '../model/autoscale.ts';
import { metricUnits, rounded, scalePeriodMs } from '../model/autoscale.ts';
import type { ScaleChange } from '../model/journal-state.ts';

/** What one instance is under, in the unit of the target. */
export type Reading =
  | { readonly kind: 'read'; readonly value: number }
  /** It serves, and could not be measured. */
  | { readonly kind: 'missing' }
  /** It does not serve yet, or not any more. */
  | { readonly kind: 'unready' };

/** Of each instance, or of the service as a whole. */
export type Metric = InstanceMetric | ServiceMetric;

interface InstanceMetric {
  readonly name: Exclude<MetricName, 'prometheus'>;
  readonly target: number;
  /** One for each slot; null: nothing is known of any. */
  readonly readings: readonly Reading[] | null;
}

interface ServiceMetric {
  readonly name: 'prometheus';
  /** Of one instance. */
  readonly target: number;
  readonly result: QueryReading;
}

export interface ScaleInput {
  readonly spec: Pick<AutoscaleSpec, 'min' | 'max' | 'stabilizationMs'>;
  /** How many there are to be now. */
  readonly current: number;
  readonly metrics: readonly Metric[];
  /** When it was measured. All times are milliseconds since the epoch. */
  readonly at: number;
  readonly recommendations: readonly Recommendation[];
  /** How the number has changed lately. */
  readonly changes: readonly ScaleChange[];
}

export interface ScaleVerdict {
  readonly replicas: number;
  /** For people, such as `cpu 93 % above 70 %`; empty: the number stays. */
  readonly why: string;
  /** With what this load asks for, and without what cannot count any more. */
  readonly recommendations: readonly Recommendation[];
}

/** A load so near to its target changes nothing. */
const tolerance = 0.1;
/** Within the period the number grows by what it was, or by this, whichever is more. */
const mostAdded = 4;

/**
 * How many instances a load asks for, by the rules of the Horizontal Pod Autoscaler of Kubernetes with its defaults (package
 * `podautoscaler`: `replica_calculator.go` for what one metric asks for, `horizontal.go` for the rest):
 *
 * - of several metrics, the one that asks for most counts; one that is not known keeps the number from falling;
 * - there are no more than max, and no fewer than min;
 * - fewer only when the load has asked for no more than that for the whole stabilization time; at the start it is taken for having
 *   asked for what there is;
 * - within 15 s the number at most doubles, or grows by 4 where that is more. It may shrink at once.
 */
export function judgeScale(input: ScaleInput): ScaleVerdict {
  const { spec, current, metrics, at } = input;
  const asked = metrics.map((metric) =>
    metric.name === 'prometheus' ? askedByAll(metric, current) : askedByEach(metric, current),
  );
  const known = asked.filter((one) => one !== null);
  const top = known.toSorted((a, b) => b.replicas - a.replicas)[0];
  const former = input.recommendations.filter((one) => one.at < at);
  const isHindered = known.length < metrics.length && (top?.replicas ?? 0) < current;
  if (top === undefined || isHindered)
    return { replicas: current, why: '', recommendations: former };
  const first = former.length === 0 ? [{ at, replicas: current }] : former;
  const lately = unsurpassed(first.filter((one) => one.at > at - spec.stabilizationMs));
  const recommendations = [...lately, { at, replicas: top.replicas }];
  const most = recommendations.reduce((highest, { replicas }) => Math.max(highest, replicas), 0);
  const stable = top.replicas >= current ? top.replicas : Math.min(current, most);
  const highest = Math.max(current, mostAfter(current, input.changes, at));
  const within = Math.min(stable, highest);
  const replicas = Math.max(spec.min, Math.min(spec.max, within));
  return { replicas, why: replicas === current ? '' : top.why, recommendations };
}

/** Without those that a later one is as high as: however long the time is, what is kept has no number twice. */
function unsurpassed(recommendations: readonly Recommendation[]): readonly Recommendation[] {
  const kept: Recommendation[] = [];
  let highest = -1;
  for (const one of recommendations.toReversed()) {
    if (one.replicas > highest) kept.push(one);
    highest = Math.max(highest, one.replicas);
  }
  return kept.toReversed();
}

interface Asked {
  readonly replicas: number;
  readonly why: string;
}

/**
 * What a metric of each instance asks for: the number of serving instances × (mean load ÷ target), rounded up. So that what is not known
 * makes the change smaller and never larger, who could not be measured counts as being at the target when there would be
 * fewer, and as idle when there would be more, as does then who does not serve yet. When that takes the reason away, or turns it
 * around, nothing changes. Null: it is not known.
 */
function askedByEach({ name, target, readings }: InstanceMetric, current: number): Asked | null {
  const read = (readings ?? []).flatMap((one) => (one.kind === 'read' ? [one.value] : []));
  if (readings === null || read.length === 0) return null;
  const counts = (kind: Reading['kind']): number =>
    readings.filter((one) => one.kind === kind).length;
  const first = meanOf(read) / target;
  const isUp = first > 1;
  const missing = Array.from({ length: counts('missing') }, () => (isUp ? 0 : target));
  const unready = Array.from({ length: isUp ? counts('unready') : 0 }, () => 0);
  const counted = [...read, ...missing, ...unready];
  const ratio = meanOf(counted) / target;
  const stay = { replicas: current, why: '' };
  if (exact(Math.abs(ratio - 1)) <= tolerance || ratio > 1 !== isUp) return stay;
  const replicas = Math.ceil(exact(ratio * counted.length));
  if (isUp ? replicas < current : replicas > current) return stay;
  return { replicas, why: whyOf(name, meanOf(read), target) };
}

/** What a metric of the service as a whole asks for: that ÷ target, rounded up. Null: it is not known. */
function askedByAll({ name, target, result }: ServiceMetric, current: number): Asked | null {
  if (result.kind === 'unread') return null;
  const each = result.value / current;
  if (exact(Math.abs(each / target - 1)) <= tolerance) return { replicas: current, why: '' };
  return { replicas: Math.ceil(exact(result.value / target)), why: whyOf(name, each, target) };
}

function whyOf(name: MetricName, value: number, target: number): string {
  const unit = metricUnits[name];
  const side = value > target ? 'above' : 'below';
  return `${name} ${rounded(value)}${unit} ${side} ${target}${unit}`;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Without what a division has added: what is whole is not rounded up. */
function exact(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}

function mostAfter(current: number, changes: readonly ScaleChange[], at: number): number {
  const lately = changes.filter((change) => change.at > at - scalePeriodMs);
  const start = current - lately.reduce((sum, { by }) => sum + by, 0);
  return Math.max(start + mostAdded, start * 2);
}
