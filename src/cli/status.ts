import type { Logger } from 'pino';

import { decide } from '../rollout/decide.ts';
import { asMeasured } from '../rollout/world-of-commit.ts';
import { renderStatus } from '../report/render-status.ts';
import { statusDocument } from '../report/status-document.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { unreachableHosts } from './live.ts';
import { observeCommitInForce } from './commit-in-force.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportUnreachable } from './report-problems.ts';
import type { Settings } from './settings.ts';
import { withGates } from './with-gates.ts';

/** `fleetwright status`: how every application and host stands now. Changes nothing. */
export async function status(
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using live = await observeCommitInForce(settings, output, logger, signal);
  const { loaded, world, journal, observations, rejected } = live;
  if (loaded.kind === 'invalid' || world === null) return exitCode.negative;
  const document = statusDocument({
    revision: world.desired.revision,
    rejected,
    receivers: journal.receivers(),
    decision: decide(await withGates(asMeasured(world), signal)),
    observations,
    steps: 0,
    durationMs: 0,
    now: world.now,
  });
  const text = (): string => renderStatus(document, output.style, output.verbose);
  output.data(output.format === 'json' ? toJson(document) : text());
  const unreachable = unreachableHosts(observations);
  reportUnreachable(output, unreachable);
  return unreachable.length > 0 ? exitCode.unreachable : exitCode.done;
}
