import type { ServiceSpec } from '../model/application.ts';
import type {
  AnalysisQuery,
  AnalysisReading,
  AnalysisTarget,
  QueryRecord,
} from '../model/analysis.ts';
import { analysisKey, comparisonInWords, verdictOf } from '../model/analysis.ts';
import { digestOf } from '../model/digest.ts';
import type { ApplicationContext } from './application-context.ts';
import { isServiceProven } from './application-context.ts';
import { quarantineEntry } from './quarantine.ts';
import type { SlotView } from './slot-view.ts';

/** How a step of canaries stands by what was measured of it; the text is for people. */
export type AnalysisVerdict =
  | { readonly kind: 'passed' }
  /** `open`: it is measured on, and may pass or fail still. */
  | { readonly kind: 'failed' | 'inconclusive' | 'open'; readonly message: string };

const passed: AnalysisVerdict = { kind: 'passed' };

/**
 * What is measured while the canaries of a service are watched; null: nothing is, or nobody measures, as for a plan.
 *
 * @param since when the watch began, in milliseconds since the epoch
 */
export function analysisTarget(
  { application, world }: Pick<ApplicationContext, 'application' | 'world'>,
  { name: service, rollout: { analysis } }: ServiceSpec,
  since: number,
): AnalysisTarget | null {
  if (analysis === undefined || world.analyses === null) return null;
  return { application, service, since, analysis };
}

/**
 * A query fails the step when it has failed more often than the limit allows. Else the last measurement of each query has to
 * pass: what is not known, or neither passes nor fails, holds the step where it is.
 */
export function judgeAnalysis(
  { world }: Pick<ApplicationContext, 'world'>,
  target: AnalysisTarget,
): AnalysisVerdict {
  const { analysis } = target;
  const records = recordsOf(world.analyses?.get(analysisKey(target)), target);
  const judged = records.map(([query, record]) => judgeQuery(query, record, analysis.failureLimit));
  const byWeight = (['failed', 'open', 'inconclusive'] as const).flatMap((kind) =>
    judged.filter((one) => one.kind === kind),
  );
  return byWeight[0] ?? passed;
}

/** `errors 0.2, latency ?`: what was measured last. */
export function measuredInWords(
  { world }: Pick<ApplicationContext, 'world'>,
  target: AnalysisTarget,
): string {
  const records = recordsOf(world.analyses?.get(analysisKey(target)), target);
  const words = records.map(([{ name }, record]) => {
    return `${name} ${record?.last.kind === 'read' ? inWords(record.last.value) : '?'}`;
  });
  return words.join(', ');
}

/** Gives up what the canaries show: where only an override has changed, what it leaves as it is has not failed. */
export function failByAnalysis(
  context: ApplicationContext,
  service: ServiceSpec,
  canaries: readonly SlotView[],
  message: string,
): void {
  const versions = canaries.map((canary) => canary.service);
  const shown = versions.find((version) => !isServiceProven(context, version)) ?? service;
  const site = { reason: 'AnalysisFailed', message, slot: '', host: null, container: null };
  context.draft.entries.push(quarantineEntry(context, shown, site));
}

/** What was measured of another watch, or by other queries, says nothing about this one. */
function recordsOf(
  reading: AnalysisReading | undefined,
  target: AnalysisTarget,
): readonly (readonly [AnalysisQuery, QueryRecord | undefined])[] {
  const isOwn = reading !== undefined && digestOf(reading.target) === digestOf(target);
  const own = isOwn ? reading.queries : null;
  return target.analysis.queries.map((query) => [query, own?.get(query.name)] as const);
}

function judgeQuery(
  query: AnalysisQuery,
  record: QueryRecord | undefined,
  failureLimit: number,
): AnalysisVerdict {
  const { name } = query;
  const asked = `is to be ${comparisonInWords(query.pass)}`;
  if (record === undefined) return { kind: 'open', message: `${name} is not measured yet` };
  const { failed, measured, last } = record;
  const seen = last.kind === 'read' ? `is ${inWords(last.value)}` : `is not known: ${last.reason}`;
  if (failed > failureLimit) {
    const message = `${name} failed in ${failed} of ${measured} measurements: it ${asked}, and ${seen}`;
    return { kind: 'failed', message };
  }
  switch (verdictOf(query, last)) {
    case 'pass':
      return passed;
    case 'unknown':
      return { kind: 'open', message: `${name} ${seen}` };
    case 'fail':
      return { kind: 'open', message: `${name} ${seen}, and ${asked}` };
    case 'inconclusive':
      return { kind: 'inconclusive', message: `${name} ${seen}, and ${asked}` };
  }
}

function inWords(value: number): string {
  return String(Number(value.toPrecision(3)));
}
