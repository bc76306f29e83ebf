import type Database from 'libsql';

import type { HistoryEntry, HistoryKind } from '../model/history.ts';

/** Of what the history shows, newest first. */
export interface HistoryQuery {
  readonly application?: string;
  readonly host?: string;
  /** What happened at or after this time, in milliseconds since the epoch. */
  readonly since?: number;
  /** What stands below this entry. */
  readonly before?: HistoryPlace;
  /** At most so many. */
  readonly limit: number;
  /** Also each step. */
  readonly steps: boolean;
}

/** Where an entry stands: no two have the same. */
export interface HistoryPlace {
  readonly at: number;
  readonly id: number;
}

export interface KeptEntry {
  /** Grows with each entry. */
  readonly id: number;
  readonly entry: HistoryEntry;
}

interface Row {
  readonly id: number;
  readonly entry: string;
}

/** What SQLite needs for a row and its place in the indexes, beside the entry itself. */
const bytesBesides = 200;

/** What a row takes, with its place in the indexes. */
export function historyBytes(text: string): number {
  return Buffer.byteLength(text) + bytesBesides;
}

/** Appends an entry, and gives the bytes that it takes. */
export function appendHistory(
  prepare: (query: string) => Database.Statement,
  entry: HistoryEntry,
): number {
  const text = JSON.stringify(entry);
  const bytes = historyBytes(text);
  const { at, kind, application, host } = entry;
  const isOpen = kind === 'healed' && entry.result === 'begun';
  prepare(
    'INSERT INTO history (at, is_step, is_open, application, host, bytes, entry) VALUES (?, ?, ?, ?, ?, ?, ?)',
  ).run(at, Number(kind === 'step'), Number(isOpen), application, host ?? '', bytes, text);
  return bytes;
}

/** Takes out the oldest entries until the rest is within the budget, and gives the bytes of what is left. */
export function trimHistory(
  prepare: (query: string) => Database.Statement,
  bytes: number,
  budget: number,
): number {
  let left = bytes;
  while (left > budget) {
    const oldest = prepare(
      'SELECT id, bytes FROM history ORDER BY id LIMIT 100',
    ).all() as readonly {
      readonly id: number;
      readonly bytes: number;
    }[];
    const last = oldest.at(-1);
    if (last === undefined) return 0;
    prepare('DELETE FROM history WHERE id <= ?').run(last.id);
    left -= oldest.reduce((sum, row) => sum + row.bytes, 0);
  }
  return left;
}

/** A journal of an earlier release has none. */
export function readHistory(
  database: Database.Database,
  query: HistoryQuery,
): readonly KeptEntry[] {
  const [table] = database
    .prepare("SELECT 1 AS there FROM sqlite_master WHERE type = 'table' AND name = 'history'")
    .all();
  if (table === undefined) return [];
  // Each kind has an order of its own in the indexes.
  const kinds = query.steps ? [0, 1] : [0];
  const found = kinds.flatMap((isStep) => readKind(database, isStep, query));
  const entries = found.map(({ id, entry }) => ({ id, entry: JSON.parse(entry) as HistoryEntry }));
  return entries.toSorted((a, b) => b.entry.at - a.entry.at || b.id - a.id).slice(0, query.limit);
}

function readKind(
  database: Database.Database,
  isStep: number,
  { application, host, since, before, limit }: HistoryQuery,
): readonly Row[] {
  const wheres = ['is_step = ?'];
  const values: (string | number)[] = [isStep];
  const ask = (where: string, ...asked: readonly (string | number)[]): void => {
    wheres.push(where);
    values.push(...asked);
  };
  if (application !== undefined) ask('application = ?', application);
  if (host !== undefined) ask('host = ?', host);
  if (since !== undefined) ask('at >= ?', since);
  if (before !== undefined) ask('(at, id) < (?, ?)', before.at, before.id);
  return database
    .prepare(
      `SELECT id, entry FROM history WHERE ${wheres.join(' AND ')} ORDER BY at DESC, id DESC LIMIT ?`,
    )
    .all(...values, limit) as readonly Row[];
}

/** The newest entry of a kind about an application. */
export function lastOfKind(
  prepare: (query: string) => Database.Statement,
  application: string,
  kind: HistoryKind,
): HistoryEntry | null {
  const [row] = prepare(
    `SELECT id, entry FROM history WHERE is_step = 0 AND application = ? AND json_extract(entry, '$.kind') = ?
     ORDER BY at DESC, id DESC LIMIT 1`,
  ).all(application, kind) as readonly Row[];
  return row === undefined ? null : (JSON.parse(row.entry) as HistoryEntry);
}
