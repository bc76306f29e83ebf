import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { expect, it } from 'vitest';

import { openJournal } from '../../../src/journal/open-journal.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { aCommit, anApplication, aRevision, aService } from '../../support/builders.ts';

const logger = pino({ level: 'silent' });
const application = 'shop';
const spec = anApplication([aService()]);
const failures = [
  { at: 210, service: 'web', entrance: 'http://192.0.2.1:80', reason: 'HTTP 502', during: '' },
];
const counts = { worstMs: 31, unwatchedMs: 0, until: 220, failures };
const noted = { kind: 'proof-noted', application, service: 'web' } as const;

function started(seed: number, at: number): JournalEntry {
  const commit = aCommit(seed);
  return { kind: 'rollout-started', application, key: `${seed}`, commit, isRollback: false, at };
}

function succeeded(seed: number, at: number): JournalEntry {
  return { kind: 'succeeded', application, spec, commit: aCommit(seed), at };
}

it('the history tells what became of requests until a rollout ended, whoever was killed in between', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleetwright-proof-'));
  try {
    const killed = openJournal(folder, logger);
    killed.accept(aRevision(1), [application]);
    killed.write([started(1, 200)], 200);
    killed.write([{ ...noted, proof: { ...counts, requests: 100, failed: 1 } }], 220);
    killed[Symbol.dispose]();

    using journal = openJournal(folder, logger);
    const before = journal.state().applications.get(application)?.rollout?.proofs?.['web'];
    const web = { ...counts, requests: 150, failed: 1, unwatchedMs: 30, until: 290 };
    const api = { ...web, requests: 7, failed: 0, failures: [] };
    journal.write(
      [
        { ...noted, proof: web },
        { ...noted, service: 'api', proof: api },
      ],
      290,
    );
    journal.write([succeeded(1, 300), started(2, 310), succeeded(2, 320)], 320);

    expect(before).toMatchObject({ requests: 100, failed: 1 });
    const told = journal.history({ limit: 100, steps: false }).map(({ entry }) => entry);
    const ends = told.filter(({ kind }) => kind === 'rollout-succeeded');
    expect(ends.map(({ proof }) => proof)).toEqual([
      null,
      { requests: 157, failed: 1, worstMs: 31, unwatchedMs: 30, until: 290, failures },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
