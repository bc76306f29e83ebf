/** How a service has proven, during its rollouts, that no request for it is lost. */
export interface ProofSpec {
  /** Scheme, host and port of the one entrance that is asked; null: each proxy at its address and published port. */
  readonly url: string | null;
  readonly path: string;
  /** Between two requests at one entrance. */
  readonly intervalMs: number;
  /** For the whole answer. */
  readonly timeoutMs: number;
  /** The one status that is well; null: all below 500. */
  readonly expectStatus: number | null;
  /** `fail`: a failed request fails the rollout. */
  readonly onFailure: 'record' | 'fail';
}

/** A request during a rollout that was not answered well. */
export interface ProofFailure {
  /** When it had failed, in milliseconds since the epoch. */
  readonly at: number;
  readonly service: string;
  /** Scheme, host and port. */
  readonly entrance: string;
  /** Such as `HTTP 502` or `connection refused`. */
  readonly reason: string;
  /** The steps that were under way, in words; empty: there were none. */
  readonly during: string;
}

/** What was sent while a service was rolled out, and what came of it. */
export interface ProofTally {
  readonly requests: number;
  readonly failed: number;
  /** The longest that one took, in milliseconds. */
  readonly worstMs: number;
  /** How long nobody asked though there was something to ask, in milliseconds. */
  readonly unwatchedMs: number;
  /** The end of the time that this is about, in milliseconds since the epoch. */
  readonly until: number;
  /** The first ones. */
  readonly failures: readonly ProofFailure[];
}

/** What is known now of the requests during one rollout. Kept in memory: losing it only makes a gap that is told. */
export interface ProofReading {
  /** The start of the rollout that it is about. */
  readonly rolloutAt: number;
  readonly tally: ProofTally;
  /** Each entrance has answered, or failed to, since the last step of the application ended. */
  readonly isWhole: boolean;
}

/** By proofKey(). */
export type ProofMap = ReadonlyMap<string, ProofReading>;

/** An entrance of the requests for a service. */
export interface Entrance {
  /** Scheme, host and port. */
  readonly url: string;
  /** Some instance gets what comes in there: from then on each request is to be answered. */
  readonly isServing: boolean;
}

/** The requests that are to be sent while one service is rolled out. */
export interface ProofTarget {
  readonly application: string;
  readonly service: string;
  readonly rolloutAt: number;
  /** What requests come in for, as their `Host:` says. */
  readonly host: string;
  readonly proof: ProofSpec;
  readonly entrances: readonly Entrance[];
  /** What was written down of this rollout; null: nothing. */
  readonly before: ProofTally | null;
}

export function proofKey({
  application,
  service,
}: Pick<ProofTarget, 'application' | 'service'>): string {
  return `${application}/${service}`;
}

const keptFailures = 5;

/** A rollout of which nothing is known yet. */
export function beginProof(at: number): ProofTally {
  return { requests: 0, failed: 0, worstMs: 0, unwatchedMs: 0, until: at, failures: [] };
}

/** @param failure null: it was answered well */
export function countRequest(
  tally: ProofTally,
  ms: number,
  failure: ProofFailure | null,
): ProofTally {
  const requests = tally.requests + 1;
  const worstMs = Math.max(tally.worstMs, ms);
  if (failure === null) return { ...tally, requests, worstMs };
  const failures = [...tally.failures, failure].slice(0, keptFailures);
  return { ...tally, requests, worstMs, failed: tally.failed + 1, failures };
}

/** The time until now, in which somebody asked, or nobody did. */
export function watchedUntil(tally: ProofTally, now: number, isWatched: boolean): ProofTally {
  const gapMs = isWatched ? 0 : Math.max(0, now - tally.until);
  return { ...tally, until: now, unwatchedMs: tally.unwatchedMs + gapMs };
}

/** What was sent for all services of an application; null: nothing was to be. */
export function sumProofs(tallies: readonly ProofTally[]): ProofTally | null {
  const [first, ...others] = tallies;
  if (first === undefined) return null;
  return others.reduce(
    (sum, one) => ({
      requests: sum.requests + one.requests,
      failed: sum.failed + one.failed,
      worstMs: Math.max(sum.worstMs, one.worstMs),
      unwatchedMs: Math.max(sum.unwatchedMs, one.unwatchedMs),
      until: Math.max(sum.until, one.until),
      failures: [...sum.failures, ...one.failures]
        .toSorted((a, b) => a.at - b.at)
        .slice(0, keptFailures),
    }),
    first,
  );
}

/** What is said of a proof, whenever that was. */
export type ProofFacts = Omit<ProofTally, 'until' | 'failures'> & {
  readonly failures: readonly Omit<ProofFailure, 'at'>[];
};

/** `1,412 requests, none failed, slowest 31 ms`; `2 of 1,412 requests failed, slowest 5.0 s, first: HTTP 502 at … while …`. */
export function proofInWords({
  requests,
  failed,
  worstMs,
  unwatchedMs,
  failures,
}: ProofFacts): string {
  const total = requests === 1 ? '1 request' : `${grouped(requests)} requests`;
  const what = failed === 0 ? `${total}, none failed` : `${grouped(failed)} of ${total} failed`;
  const slowest = requests === 0 ? [] : [`slowest ${spanInWords(worstMs)}`];
  const gap = unwatchedMs === 0 ? [] : [`not watched for ${spanInWords(unwatchedMs)}`];
  const first = failures.slice(0, 1).map((one) => `first: ${failureInWords(one)}`);
  return [requests === 0 ? 'no requests' : what, ...slowest, ...gap, ...first].join(', ');
}

function failureInWords({ reason, entrance, during }: Omit<ProofFailure, 'at'>): string {
  return `${reason} at ${entrance}${during === '' ? '' : ` while ${during}`}`;
}

function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

function spanInWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}
