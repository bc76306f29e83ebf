import type { Logger } from 'pino';

import { unmanagedHosts } from '../drift/unmanaged.ts';
import { renderUnmanaged } from '../report/render-unmanaged.ts';
import { unmanagedDocument } from '../report/unmanaged-document.ts';
import { observeCommitInForce } from './commit-in-force.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportUnreachable } from './report-problems.ts';
import type { Settings } from './settings.ts';

/** `fleetwright unmanaged`: what is on the hosts and nothing in the repository asks for. Changes nothing. */
export async function unmanaged(
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using live = await observeCommitInForce(settings, output, logger, signal);
  const { loaded, world, observations } = live;
  if (loaded.kind === 'invalid' || world === null) return exitCode.negative;
  const { desired, journal, now } = world;
  const adopted = new Set(
    [...journal.instances].flatMap(([id, record]) => (record.adopted === undefined ? [] : [id])),
  );
  const hosts = unmanagedHosts(desired, world.observations, adopted);
  const document = unmanagedDocument({ revision: desired.revision, hosts, observations, now });
  output.data(
    output.format === 'json' ? toJson(document) : renderUnmanaged(document, output.style),
  );
  const unreachable = unreachableHosts(observations);
  reportUnreachable(output, unreachable);
  return unreachable.length > 0 ? exitCode.unreachable : exitCode.done;
}
