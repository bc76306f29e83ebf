import type { Logger } from 'pino';

import type { JournalReader } from '../journal/journal.ts';
import type { HistoryQuery } from '../journal/history-rows.ts';
import { didYouMean } from '../manifest/suggest.ts';
import { UsageError } from '../model/errors.ts';
import type { HistoryEntry } from '../model/history.ts';
import { renderWhy } from '../report/render-why.ts';
import { whyDocument } from '../report/why-document.ts';
import { findTarget } from '../report/why-target.ts';
import { decide } from '../rollout/decide.ts';
import { inventoryOf } from '../rollout/older-schemas.ts';
import { observeCommitInForce } from './commit-in-force.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportUnreachable } from './report-problems.ts';
import type { Settings } from './settings.ts';
import { withGates } from './with-gates.ts';

/** How far back the chain is looked for. */
const lookedThrough = 5_000;

/** `fleetwright why`: from the commit to what runs, and what that waits for. Changes nothing. */
export async function why(
  text: string,
  settings: Settings,
  output: Output,
  logger: Logger,
  signal: AbortSignal,
): Promise<ExitCode> {
  await using live = await observeCommitInForce(settings, output, logger, signal);
  const { loaded, journal, observations } = live;
  if (loaded.kind === 'invalid' || live.world === null) return exitCode.negative;
  const world = await withGates(live.world, signal);
  const decision = decide(world);
  const { instances } = inventoryOf(world);
  const target = findTarget(text, decision, instances);
  if (target === null) {
    const names = decision.applications.map(({ application }) => application);
    const known = [...names, ...instances.map(({ container }) => container.name)];
    throw new UsageError(
      `Cannot say why "${text}": it is no application, service, slot or container of the fleet${didYouMean(text, known)}; say APP, APP/SERVICE, APP/SERVICE/SLOT, or the name or id of a container`,
    );
  }
  const { application } = target;
  const document = whyDocument({
    text,
    target,
    world,
    decision,
    instances,
    rejected: journal.rejected(),
    history: entriesOf(journal, { application, steps: true, limit: lookedThrough }),
    commits: entriesOf(journal, { application: '', steps: false, limit: lookedThrough }),
  });
  output.data(output.format === 'json' ? toJson(document) : renderWhy(document, output.style));
  const unreachable = unreachableHosts(observations);
  reportUnreachable(output, unreachable);
  return unreachable.length > 0 ? exitCode.unreachable : exitCode.done;
}

function entriesOf(journal: JournalReader, query: HistoryQuery): readonly HistoryEntry[] {
  return journal.history(query).map(({ entry }) => entry);
}
