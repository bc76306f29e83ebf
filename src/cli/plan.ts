import type { Logger } from 'pino';

import { planDocument } from '../report/plan-document.ts';
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
    if (loaded.kind === 'invalid') reportRefused(output, loaded.revision, loaded.diagnostics);
    return exitCode.negative;
  }
  reportWarnings(output, loaded.diagnostics);
  const document = planDocument(world.desired, predict(world));
  output.data(output.format === 'json' ? toJson(document) : renderPlan(document, output.style));
  const unreachable = unreachableHosts(live.observations);
  reportUnreachable(output, unreachable);
  if (unreachable.length > 0) return exitCode.unreachable;
  return flags.exitCode === true && !document.inSync ? exitCode.negative : exitCode.done;
}
