import type { Logger } from 'pino';

import { UsageError } from '../model/errors.ts';
import { drift } from './drift.ts';
import type { DriftFlags } from './drift-report.ts';
import { driftToBranch, type DriftToBranchFlags } from './drift-to-branch.ts';
import type { ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import type { Settings } from './settings.ts';
import { watchedDrift } from './watch-drift.ts';
import { watchFleet, type WatchFlags } from './watch-fleet.ts';

export type DriftCommandFlags = DriftFlags & WatchFlags & Partial<DriftToBranchFlags>;

/** `fleetwright drift`: reports once, or again and again, or makes a proposal of what it finds. */
export async function driftCommand(
  settings: Settings,
  flags: DriftCommandFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { toBranch, dryRun, message, author } = flags;
  if (toBranch !== undefined) {
    return driftToBranch(settings, { ...flags, toBranch }, output, logger, signal);
  }
  if ([dryRun, message, author].some((each) => each !== undefined)) {
    throw new UsageError('Give --to-branch NAME too: the others say how it commits');
  }
  if (flags.watch === true && output.format !== 'text' && output.format !== 'json') {
    throw new UsageError(`Cannot use --watch with --output ${output.format}: give text or json`);
  }
  if (flags.watch !== true) return drift(settings, flags, output, logger, signal);
  return watchFleet(settings, flags, watchedDrift(settings, flags, logger), output, logger, signal);
}
