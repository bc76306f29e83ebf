import type { Logger } from 'pino';

import { hostsDocument } from '../report/hosts-document.ts';
import { renderHosts } from '../report/render-hosts.ts';
import { decide } from '../rollout/decide.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { unreachableHosts } from './live.ts';
import { observeCommitInForce } from './commit-in-force.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportUnreachable } from './report-problems.ts';
import type { Settings } from './settings.ts';

/** `fleetwright hosts`: what each host has, and what the slots that are placed on it take of that. Changes nothing. */
export async function hosts(
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using live = await observeCommitInForce(settings, output, logger, signal);
  const { loaded, world, observations } = live;
  if (loaded.kind === 'invalid' || world === null) return exitCode.negative;
  const { revision, fleet } = world.desired;
  const decision = decide(world);
  const document = hostsDocument({
    revision,
    hosts: fleet.hosts,
    observations: world.observations,
    applications: decision.applications,
    standings: decision.placed.standing.hosts,
    now: world.now,
  });
  output.data(output.format === 'json' ? toJson(document) : renderHosts(document, output.style));
  const unreachable = unreachableHosts(observations);
  reportUnreachable(output, unreachable);
  return unreachable.length > 0 ? exitCode.unreachable : exitCode.done;
}
