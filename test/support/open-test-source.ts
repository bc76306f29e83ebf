import { pino } from 'pino';

import { systemClock } from '../../src/reconcile/system-clock.ts';
import type { SourceOptions } from '../../src/source/source-options.ts';
import { openSource } from '../../src/source/open-source.ts';
import type { Source } from '../../src/source/source.ts';

/** A signal that is never aborted. */
export const never = new AbortController().signal;

/** Opens a source on the root of `main`, whose polls are too rare to matter, with a log that collects its lines. */
export function openTestSource(
  facts: Pick<SourceOptions, 'repository'> & Partial<SourceOptions>,
  log: string[] = [],
): Promise<Source> {
  const logger = pino({ level: 'trace' }, { write: (line) => void log.push(line) });
  return openSource({
    ref: { kind: 'branch', name: 'main' },
    path: '',
    stateDir: '/nonexistent',
    pollIntervalMs: 3_600_000,
    random: () => 0.5,
    logger,
    clock: systemClock,
    ...facts,
  });
}

/** Paths and contents of everything that the source's head holds. */
export async function contentOfHead(source: Source): Promise<Record<string, string>> {
  const { commit } = await source.head(never);
  const { entries } = await source.tree(commit, never);
  const content: Record<string, string> = {};
  for (const { path, kind, oid } of entries.values()) {
    if (kind !== 'submodule') content[path] = text(await source.read(oid, 1_000_000, never));
  }
  return content;
}

/** The reason of the error that a promise is rejected with, or `none`. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error instanceof Error && 'reason' in error ? String(error.reason) : String(error);
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
