import type { ServiceSpec } from './application.ts';
import type { ContainerId } from './names.ts';

/** How many instances a service has by the load that they are under. */
export interface AutoscaleSpec {
  readonly min: number;
  readonly max: number;
  /** What an instance is to use of its CPUs, in percent: see cpuShareOf(). Absent: it does not count. */
  readonly cpu?: number;
  /** What an instance is to be given of the requests from outside, per second. Absent: they do not count. */
  readonly requestsPerSecond?: number;
  /** Absent: no query counts. */
  readonly prometheus?: QuerySpec;
  /** Fewer instances are only had when so many were enough for all of this time. */
  readonly stabilizationMs: number;
  /** How often the load is measured. */
  readonly intervalMs: number;
}

/** A query to the Prometheus of fleet.yaml. */
export interface QuerySpec {
  /** Its result is one number, of the service as a whole. */
  readonly query: string;
  /** What of it an instance is to have. */
  readonly target: number;
}

/** In this time the number grows by what it was, or by a few, whichever is more. */
export const scalePeriodMs = 15_000;

export type MetricName = 'cpu' | 'requests' | 'prometheus';

/** What came of a query. */
export type QueryReading =
  | { readonly kind: 'read'; readonly value: number }
  /** For people, such as `HTTP 503`. */
  | { readonly kind: 'unread'; readonly reason: string };

/** What was measured of a service. Kept in memory: losing it only costs time. */
export interface ServiceLoad {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** CPUs used, in billionths of one, by container; what could not be measured is not in it. */
  readonly cpu: ReadonlyMap<ContainerId, number>;
  /** Requests per second, by container; null: some proxy does not tell. */
  readonly requests: ReadonlyMap<ContainerId, number> | null;
  /** Null: nothing was asked. */
  readonly prometheus: QueryReading | null;
  /** What the load asked for lately, the newest last; of what was asked for before, only what no later one is as high as. */
  readonly recommendations: readonly Recommendation[];
}

export interface Recommendation {
  /** When that was measured, in milliseconds since the epoch. */
  readonly at: number;
  readonly replicas: number;
}

/** By `application/service`. */
export type LoadMap = ReadonlyMap<string, ServiceLoad>;

const oneCpu = 1e9;

/** The CPUs that an instance is to make do with, in billionths of one: what it reserves, else its limit, else one. */
export function cpuShareOf({
  reservedNanoCpus,
  container,
}: Pick<ServiceSpec, 'reservedNanoCpus' | 'container'>): number {
  return reservedNanoCpus ?? container.resources.nanoCpus ?? oneCpu;
}

export function loadKey(application: string, service: string): string {
  return `${application}/${service}`;
}

/** What there is to tell of the load of a service: the mean of its instances beside what is asked for. */
export interface MetricStanding {
  readonly metric: MetricName;
  /** Percent, requests per second, or what the query gives; null: it cannot be told. */
  readonly value: number | null;
  readonly target: number;
  /** Why it cannot be told, where that is known. */
  readonly reason?: string;
}

export const metricUnits: Readonly<Record<MetricName, string>> = {
  cpu: ' %',
  requests: '/s',
  prometheus: '',
};

/** `cpu 63 % of 70 %`; `prometheus ? of 30 (HTTP 503)`. */
export function metricInWords({ metric, value, target, reason }: MetricStanding): string {
  const unit = metricUnits[metric];
  const number = value === null ? '?' : `${rounded(value)}${unit}`;
  return `${metric} ${number} of ${target}${unit}${reason === undefined ? '' : ` (${reason})`}`;
}

/** Small numbers with more digits: half a request per second is not none, and neither is a hundredth of what a query gives. */
export function rounded(value: number): number {
  const size = Math.abs(value);
  if (size < 0.1) return Number(value.toPrecision(2));
  return size < 10 ? Math.round(value * 10) / 10 : Math.round(value);
}
