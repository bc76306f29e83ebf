import type { Logger } from 'pino';

import { expiredRules } from '../drift/ignore.ts';
import type { DriftReport } from '../generated/drift.ts';
import type { DriftItem } from '../model/drift.ts';
import { driftKey } from '../model/drift.ts';
import type { Revision } from '../model/revision.ts';
import type { DriftRecord } from '../journal/journal.ts';
import type { DriftHistory } from '../report/drift-document.ts';
import { authorKey, driftDocument } from '../report/drift-document.ts';
import { driftHtml } from '../report/drift-html.ts';
import { driftMarkdown } from '../report/drift-markdown.ts';
import { driftSarif } from '../report/drift-sarif.ts';
import { hostNotes } from '../report/host-notes.ts';
import { renderDrift } from '../report/render-drift.ts';
import { decide } from '../rollout/decide.ts';
import type { Source } from '../source/source.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import { observeCommitInForce } from './commit-in-force.ts';
import { unreachableHosts } from './live.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';
import { reportUnreachable } from './report-problems.ts';
import type { Settings } from './settings.ts';
import { version } from './version.ts';

export interface DriftFlags {
  /** Exit with 1 when there is open drift. */
  readonly exitCode?: boolean;
  /** Of what is shown: names, and how long ago it came or was put right, in milliseconds. */
  readonly application?: string;
  readonly host?: string;
  readonly since?: number;
}

/** How long what was put right is still shown. */
const shownResolvedMs = 60 * 60_000;

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
  const { now, desired } = world;
  const decision = decide(world);
  const alone = new Set(decision.ignored.map(({ item }) => driftKey(item)));
  // What is left alone since it was recorded has not been put right.
  const recorded = journal
    .drift(now - (flags.since ?? shownResolvedMs))
    .filter(({ item }) => !alone.has(driftKey(item)));
  const isAskedFor = ({ item }: { readonly item: DriftItem }): boolean =>
    (flags.application ?? item.application) === item.application &&
    (flags.host ?? item.host) === item.host;
  const since = now - (flags.since ?? Number.POSITIVE_INFINITY);
  const records = mergeRecords(decision.drift, recorded, now)
    .filter(isAskedFor)
    .filter(({ firstSeen, resolvedAt }) => (resolvedAt ?? firstSeen) >= since);
  const ignored = decision.ignored.filter(isAskedFor);
  const items = [...records, ...ignored].map(({ item }) => item);
  const authors = await findAuthors(source, items, signal);
  const { revision } = desired;
  const document = driftDocument({
    revision,
    records,
    ignored,
    expiredRules: expiredRules(desired, now),
    hostNotes: hostNotes(decision, now),
    observations,
    authors,
    now,
  });
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

/** What is there now, with the time since which the daemon has known it; and what it knew and is there no longer. */
function mergeRecords(
  items: readonly DriftHistory['item'][],
  recorded: readonly DriftRecord[],
  now: number,
): readonly DriftHistory[] {
  const known = new Map(recorded.map((record) => [driftKey(record.item), record]));
  const open = items.map((item) => {
    const record = known.get(driftKey(item));
    const isOpen = record !== undefined && record.resolvedAt === null;
    const cause = (isOpen ? record.item.cause : undefined) ?? item.cause;
    const firstSeen = isOpen ? record.firstSeen : Math.min(cause?.at ?? now, now);
    return {
      item: cause === undefined ? item : { ...item, cause },
      firstSeen,
      resolvedAt: null,
    };
  });
  const openKeys = new Set(items.map(driftKey));
  const resolved = recorded
    .filter(({ item }) => !openKeys.has(driftKey(item)))
    .map(({ item, firstSeen, resolvedAt }) => ({ item, firstSeen, resolvedAt: resolvedAt ?? now }));
  return [...open, ...resolved];
}

/** Who wrote the lines that the items point to; one look per line and commit. */
async function findAuthors(
  source: Source,
  items: readonly DriftItem[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Revision>> {
  const authors = new Map<string, Revision>();
  for (const item of items) {
    const key = authorKey(item);
    if (key === null || item.origin === null || item.commit === null || authors.has(key)) continue;
    try {
      authors.set(key, await source.lastChange(item.origin, item.commit, signal));
    } catch {
      // The commit may be gone from the repository since; the report then names the revision in force.
    }
  }
  return authors;
}
