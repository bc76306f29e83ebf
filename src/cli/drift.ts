import type { Logger } from 'pino';

import type { DriftReport } from '../generated/drift.ts';
import { driftHtml } from '../report/drift-html.ts';
import { driftMarkdown } from '../report/drift-markdown.ts';
import { driftSarif } from '../report/drift-sarif.ts';
import { renderDrift } from '../report/render-drift.ts';
import { decide } from '../rollout/decide.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { observeCommitInForce } from './commit-in-force.ts';
import { authorsIn, reportDrift, type DriftFlags } from './drift-report.ts';
import { unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportUnreachable } from './report-problems.ts';
import type { Settings } from './settings.ts';
import { version } from './version.ts';

/** `fleetwright drift`: what is not as the commit in force asks, and what was put right lately. Changes nothing. */
export async function drift(
  settings: Settings,
  flags: DriftFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using live = await observeCommitInForce(settings, output, logger, signal);
  const { loaded, world, journal, observations, source } = live;
  if (loaded.kind === 'invalid' || world === null) return exitCode.negative;
  const seen = { world, decision: decide(world), journal };
  const document = await reportDrift(seen, flags, authorsIn(source, new Map()), signal);
  output.data(render(document, output));
  const unreachable = unreachableHosts(observations);
  reportUnreachable(output, unreachable);
  if (unreachable.length > 0) return exitCode.unreachable;
  return flags.exitCode === true && document.summary.open > 0 ? exitCode.negative : exitCode.done;
}

function render(document: DriftReport, { format, style }: Output): string {
  switch (format) {
    case 'json':
      return toJson(document);
    case 'markdown':
      return driftMarkdown(document);
    case 'html':
      return driftHtml(document);
    case 'sarif':
      return toJson(driftSarif(document, version));
    case 'text':
      return renderDrift(document, style);
  }
}
