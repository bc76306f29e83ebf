import type { DriftReport, IgnoredItem, Item, Rule } from '../generated/drift.ts';
import type { DriftItem, IgnoredItem as Ignored } from '../model/drift.ts';
import type { IgnoreRule } from '../model/ignore-rule.ts';
import type { HostObservation } from '../model/observation.ts';
import type { Revision } from '../model/revision.ts';
import { isoTime, isoTimeOrNull } from '../model/iso-time.ts';
import type { HostNote } from './host-notes.ts';
import { revisionDocument } from './revision-document.ts';

export interface DriftInput {
  readonly revision: Revision;
  readonly records: readonly DriftHistory[];
  readonly ignored: readonly Ignored[];
  readonly expiredRules: readonly IgnoreRule[];
  readonly hostNotes: readonly HostNote[];
  readonly observations: Iterable<HostObservation>;
  /** Who wrote a line, by `commit file:line`. */
  readonly authors: ReadonlyMap<string, Revision>;
  readonly now: number;
}

/** An item with its times. */
export interface DriftHistory {
  readonly item: DriftItem;
  readonly firstSeen: number;
  readonly resolvedAt: number | null;
}

/** Key of `DriftInput.authors`; null when the item has no line. */
export function authorKey({ origin, commit }: DriftItem): string | null {
  return origin === null || commit === null ? null : `${commit} ${origin.file}:${origin.line}`;
}

/** The drift report as a document: schemas/drift.schema.json. */
export function driftDocument(input: DriftInput): DriftReport {
  const items = input.records.map((record) => itemDocument(record, input)).toSorted(compareItems);
  return {
    version: 1,
    revision: revisionDocument(input.revision),
    generatedAt: isoTime(input.now),
    summary: {
      open: items.filter(({ state }) => state === 'open').length,
      resolved: items.filter(({ state }) => state === 'resolved').length,
      ignored: input.ignored.length,
      unreachableHosts: [...input.observations]
        .filter(({ kind }) => kind === 'unreachable')
        .map(({ host }): string => host)
        .toSorted(),
    },
    items,
    ignored: input.ignored
      .map((each) => ignoredDocument(each, input))
      .toSorted((a, b) => (placeKey(a) < placeKey(b) ? -1 : 1)),
    expiredRules: input.expiredRules.map(ruleDocument),
    hostNotes: input.hostNotes.map((note) => ({ ...note })),
  };
}

function itemDocument({ item, firstSeen, resolvedAt }: DriftHistory, input: DriftInput): Item {
  const { application, service, slot, host, container, severity, path, action, note } = item;
  return {
    application,
    service,
    slot,
    host,
    container,
    class: item.class,
    severity,
    path,
    desired: plainValue(item.desired),
    observed: plainValue(item.observed),
    origin: originDocument(item, input),
    firstSeen: isoTime(firstSeen),
    cause: causeDocument(item),
    contended: item.contended === true,
    state: resolvedAt === null ? 'open' : 'resolved',
    resolvedAt: resolvedAt === null ? null : isoTime(resolvedAt),
    action,
    note,
  };
}

function causeDocument({ cause }: DriftItem): Item['cause'] {
  return cause === undefined ? null : { ...cause, at: isoTime(cause.at) };
}

function ignoredDocument({ item, rule }: Ignored, input: DriftInput): IgnoredItem {
  const { application, service, slot, host, container, path } = item;
  return {
    application,
    service,
    slot,
    host,
    container,
    class: item.class,
    path,
    desired: plainValue(item.desired),
    observed: plainValue(item.observed),
    origin: originDocument(item, input),
    rule: ruleDocument(rule),
  };
}

function ruleDocument({ origin, until, ...rule }: IgnoreRule): Rule {
  return { ...rule, until: isoTimeOrNull(until), ...origin };
}

function originDocument(item: DriftItem, input: DriftInput): Item['origin'] {
  if (item.origin === null) return null;
  const author = input.authors.get(authorKey(item) ?? '') ?? input.revision;
  const { file, line, column } = item.origin;
  return {
    file,
    line,
    column,
    commit: author.commit,
    author: author.author,
    date: isoTime(author.date),
  };
}

/** A value as JSON has it. */
export function plainValue(value: DriftItem['desired']): Item['desired'] {
  return typeof value === 'object' && value !== null ? [...value] : value;
}

function compareItems(a: Item, b: Item): number {
  return sortKey(a) < sortKey(b) ? -1 : 1;
}

function placeKey({ application, service, slot, host, path }: IgnoredItem): string {
  return [application, service, slot.padStart(8, '0'), host, path].join('\u0000');
}

function sortKey(item: Item): string {
  const { state, application, service, slot, host, firstSeen, path } = item;
  const parts = [state, application, service, slot.padStart(8, '0'), host, firstSeen, path];
  return parts.join('\u0000');
}
