import type { Entry, History } from '../generated/history.ts';
import type { HistoryEntry } from '../model/history.ts';
import { isoTime } from '../model/iso-time.ts';
import { proofDocument } from './proof-document.ts';

/**
 * What happened, as a document: schemas/history.schema.json.
 *
 * @param entries newest first
 * @param next the place below which there is more; null: there is none
 */
export function historyDocument(
  entries: readonly HistoryEntry[],
  next: string | null,
  now: number,
): History {
  return { version: 1, generatedAt: isoTime(now), entries: entries.map(entryDocument), next };
}

export function entryDocument(entry: HistoryEntry): Entry {
  const { at, startedAt, origin, fields, proof, ...rest } = entry;
  return {
    ...rest,
    at: isoTime(at),
    origin: origin === null ? null : { ...origin },
    fields: [...fields],
    proof: proofDocument(proof ?? null),
    durationMs: startedAt === null ? null : Math.max(0, at - startedAt),
  };
}
