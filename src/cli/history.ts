import type { HistoryPlace } from '../journal/history-rows.ts';
import { readJournal } from '../journal/open-journal.ts';
import { UsageError } from '../model/errors.ts';
import { systemClock as clock } from '../reconcile/system-clock.ts';
import { historyDocument } from '../report/history-document.ts';
import { renderHistory } from '../report/render-history.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';

export interface HistoryFlags {
  readonly host?: string;
  /** How long ago it happened at most, in milliseconds. */
  readonly since?: number;
  readonly limit?: number;
  /** What stands below this place. */
  readonly before?: string;
  readonly steps?: boolean;
}

const shownEntries = 50;

/** `fleetwright history`: what happened, newest first, from the journal of a state folder. */
export function history(
  application: string | undefined,
  stateDir: string,
  { host, since, limit = shownEntries, before, steps = false }: HistoryFlags,
  output: Output,
): ExitCode {
  const now = clock.now();
  using journal = readJournal(stateDir);
  const found = journal.history({
    ...(application === undefined ? {} : { application }),
    ...(host === undefined ? {} : { host }),
    ...(since === undefined ? {} : { since: now - since }),
    ...(before === undefined ? {} : { before: parsePlace(before) }),
    // One more tells whether there is more.
    limit: limit + 1,
    steps,
  });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const isMore = found.length > limit && last !== undefined;
  const next = isMore ? `${last.entry.at}-${last.id}` : null;
  const document = historyDocument(
    shown.map(({ entry }) => entry),
    next,
    now,
  );
  output.data(output.format === 'json' ? toJson(document) : renderHistory(document, output.style));
  return exitCode.done;
}

function parsePlace(text: string): HistoryPlace {
  const [at, id] = /^\d+-\d+$/.test(text) ? text.split('-').map(Number) : [];
  if (at !== undefined && id !== undefined) return { at, id };
  throw new UsageError(
    `Cannot use --before "${text}": give what the page before says, such as 1764500000000-17`,
  );
}
