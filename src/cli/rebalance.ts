import type { Logger } from 'pino';

import { UsageError } from '../model/errors.ts';
import { reduceJournal } from '../model/journal-reduce.ts';
import type { Move } from '../placement/rebalance.ts';
import { planDocument } from '../report/plan-document.ts';
import { renderMoves } from '../report/render-moves.ts';
import { renderPlan } from '../report/render-plan.ts';
import { movesFor, nothingToMove } from '../rollout/decide-rebalance.ts';
import { predict } from '../rollout/predict.ts';
import type { World } from '../rollout/world.ts';
import { confirm } from './confirm.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { observeLive, unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { reportRefused, reportUnreachable, reportWarnings } from './report-problems.ts';
import type { RequestFlags } from './request.ts';
import { request } from './request.ts';
import type { Settings } from './settings.ts';

export interface RebalanceFlags extends RequestFlags {
  /** Nobody is asked whether to go on. */
  readonly yes: boolean;
  /** Of which application slots are moved; empty: of all. */
  readonly application: string;
}

/** `fleetwright rebalance`: shows which slots would move, and asks the operator to move them. */
export async function rebalance(
  settings: Settings,
  flags: RebalanceFlags,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { application } = flags;
  const world = await worldOf(settings, application, output, logger, signal);
  if (world === null) return exitCode.negative;
  const moves = movesFor(world, flags);
  if (output.format === 'text') {
    output.data(moves.length === 0 ? nothingToMove : `${planText(world, moves, output)}\n`);
    if (moves.length === 0) return exitCode.done;
  }
  const what = moves.length === 1 ? 'this slot' : `these ${moves.length} slots`;
  if (!flags.yes && !(await confirm(`Move ${what}?`, 'whether to move slots', signal))) {
    output.error('Nothing is moved');
    return exitCode.negative;
  }
  return request('rebalance', application, settings.state, flags, output, signal);
}

/** The fleet as it is; null when that cannot be said. */
async function worldOf(
  settings: Settings,
  application: string,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<World | null> {
  await using live = await observeLive(settings, logger, null, signal);
  const { loaded, world } = live;
  if (loaded.kind === 'invalid' || world === null) {
    if (loaded.kind === 'invalid') reportRefused(output, loaded.revision, loaded.diagnostics);
    return null;
  }
  reportWarnings(output, loaded.diagnostics);
  const isKnown = world.desired.applications.some(({ name }) => name === application);
  if (application !== '' && !isKnown) {
    throw new UsageError(
      `Cannot rebalance "${application}": the repository has no such application`,
    );
  }
  // What cannot be seen does not move; all else may.
  reportUnreachable(output, unreachableHosts(live.observations));
  return world;
}

/** What becomes of the slots that move, as a plan shows it. */
function planText(world: World, moves: readonly Move[], { style }: Output): string {
  const journal = moves
    .map(({ slot, to }) => ({ kind: 'move-asked', slot, to }) as const)
    .reduce(reduceJournal, world.journal);
  const plan = planDocument(world.desired, predict({ ...world, journal }));
  const moved = new Set(moves.map(({ slot }) => slot));
  const services = new Set(moves.map(({ slot }) => slot.split('/').slice(0, 2).join('/')));
  const isOfMove = (service: string): boolean => services.has(service);
  const part = {
    ...plan,
    // It is no hash of a part.
    hash: null,
    adoptions: [],
    steps: plan.steps.filter((one) =>
      one.slot === ''
        ? isOfMove(`${one.application}/${one.service}`)
        : moved.has(`${one.application}/${one.service}/${one.slot}`),
    ),
    unavailability: plan.unavailability.filter((one) =>
      isOfMove(`${one.application}/${one.service}`),
    ),
    held: null,
  };
  return `${renderMoves(moves, style)}\n\n${renderPlan(part, style)}`;
}
