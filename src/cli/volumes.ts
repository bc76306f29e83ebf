import type { Logger } from 'pino';

import { UsageError } from '../model/errors.ts';
import { renderVolumes } from '../report/render-volumes.ts';
import { volumesDocument } from '../report/volumes-document.ts';
import { decide } from '../rollout/decide.ts';
import { observeCommitInForce } from './commit-in-force.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportUnreachable } from './report-problems.ts';
import type { RequestFlags } from './request.ts';
import { request } from './request.ts';
import type { Settings } from './settings.ts';

/** `fleetwright volume ls`: the named volumes of the fleet, who has them and who is to have them. Changes nothing. */
export async function listVolumes(
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using live = await observeCommitInForce(settings, output, logger, signal);
  const { loaded, world, observations } = live;
  if (loaded.kind === 'invalid' || world === null) return exitCode.negative;
  const document = volumesDocument(world, decide(world).applications);
  output.data(output.format === 'json' ? toJson(document) : renderVolumes(document, output.style));
  const unreachable = unreachableHosts(observations);
  reportUnreachable(output, unreachable);
  return unreachable.length > 0 ? exitCode.unreachable : exitCode.done;
}

/**
 * `fleetwright volume rm`: asks the operator to remove a volume, with its data.
 *
 * @param subject `HOST/NAME`
 */
export async function removeVolume(
  subject: string,
  stateDir: string,
  flags: RequestFlags & { readonly yes: boolean },
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (!/^[^/]+\/[^/]+$/.test(subject)) {
    throw new UsageError(`Cannot remove "${subject}": expected HOST/NAME, as "volume ls" shows it`);
  }
  if (!flags.yes) {
    throw new UsageError(`Cannot remove "${subject}" without --yes: its data would be lost`);
  }
  return request('remove-volume', subject, stateDir, flags, output, signal);
}
