import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { openJournal } from '../../../src/journal/open-journal.ts';
import { aRevision } from '../../support/builders.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleetwright-cut-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function cut(share: number): void {
  for (const name of readdirSync(folder).filter((one) => one.startsWith('journal.db-'))) {
    rmSync(join(folder, name));
  }
  const file = join(folder, 'journal.db');
  truncateSync(file, Math.floor(statSync(file).size * share));
}

it.each([0.01, 0.3, 0.6, 0.95])(
  'a journal of which only %f is left is set aside, and a new one is written',
  (share) => {
    const log: string[] = [];
    const logger = pino({}, { write: (line) => void log.push(line) });
    {
      using journal = openJournal(folder, logger);
      for (let seed = 1; seed <= 60; seed += 1) journal.accept(aRevision(seed), ['shop', 'blog']);
    }
    cut(share);

    {
      using journal = openJournal(folder, logger);
      journal.accept(aRevision(99), ['shop']);
    }

    using again = openJournal(folder, logger);
    expect(again.accepted()).toEqual(aRevision(99));
    expect(readdirSync(folder).some((name) => name.startsWith('journal.db.unreadable'))).toBe(true);
    expect(log.join()).toContain('begun anew');
  },
);
