import type { Logger } from 'pino';

import type { LoadedRevision } from '../reconcile/load-revision.ts';
import { planDocument } from '../report/plan-document.ts';
import { refusedMarkdown } from '../report/diagnostics-markdown.ts';
import type { PlanComment } from '../report/plan-markdown.ts';
import { planMarkdown } from '../report/plan-markdown.ts';
import { renderPlan } from '../report/render-plan.ts';
import { predict } from '../rollout/predict.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { observeLive, unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportRefused, reportUnreachable, reportWarnings } from './report-problems.ts';
import type { Settings } from './settings.ts';

export interface PlanFlags {
  readonly revision?: string;
  /** Exit with 1 when there is a difference. */
  readonly exitCode?: boolean;
}

/** `fleetwright plan`: what would change on the live fleet, and why. Changes nothing. */
export async function plan(
  settings: Settings,
  flags: PlanFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using live = await observeLive(settings, logger, flags.revision ?? null, signal);
  const { loaded, world } = live;
  if (loaded.kind === 'invalid' || world === null) {
    if (loaded.kind === 'invalid') refuse(output, loaded);
    return exitCode.negative;
  }
  const unreachable = unreachableHosts(live.observations);
  const diagnostics = reportWarnings(output, loaded.diagnostics);
  const document = planDocument(world.desired, predict(world));
  output.data(print({ plan: document, diagnostics, unreachable }, output));
  reportUnreachable(output, unreachable);
  if (unreachable.length > 0) return exitCode.unreachable;
  return flags.exitCode === true && !document.inSync ? exitCode.negative : exitCode.done;
}

function refuse(output: Output, { revision, diagnostics }: Refused): void {
  if (output.format === 'markdown') output.data(refusedMarkdown(revision, diagnostics));
  reportRefused(output, revision, diagnostics);
}

type Refused = Extract<LoadedRevision, { readonly kind: 'invalid' }>;

function print(comment: PlanComment, { format, style }: Output): string {
  const { plan } = comment;
  if (format === 'json') return toJson(plan);
  return format === 'markdown' ? planMarkdown(comment) : renderPlan(plan, style);
}
