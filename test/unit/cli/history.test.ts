import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';

import type { History } from '../../../src/generated/history.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { toHostName } from '../../../src/model/names.ts';
import { aRevision } from '../../support/builders.ts';
import type { CommandResult } from '../../support/command-line.ts';
import { fleetwrightSource } from '../../support/command-line.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleetwright-history-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function history(...args: readonly string[]): Promise<CommandResult> {
  return fleetwrightSource('history', ...args, `--state=${folder}`);
}

function documentOf({ stdout }: CommandResult): History {
  return JSON.parse(stdout) as History;
}

it('shows the newest first, page by page, beside whoever writes', async () => {
  using journal = openJournal(folder, pino({ level: 'silent' }));
  journal.accept(aRevision(1), []);
  const host = toHostName('host-1');
  journal.write([{ kind: 'host-away', host, since: 9e14 - 60_000 }], 9e14);
  journal.write([{ kind: 'host-back', host }], 9e14 + 1);

  const first = documentOf(await history('--output=json', '--limit=2'));
  const second = documentOf(await history('--output=json', '--limit=2', `--before=${first.next}`));

  expect(first.entries.map(({ kind }) => kind)).toEqual(['host-back', 'host-away']);
  expect(second.entries.map(({ kind }) => kind)).toEqual(['commit-accepted', 'journal-begun']);
  expect(second.next).toBeNull();
});

it('says what is wrong with what it is asked for: exit 2', async () => {
  const place = await history('--before=yesterday');
  const limit = await history('--limit=none');

  expect([place.code, limit.code]).toEqual([2, 2]);
  expect(place.stderr).toContain('Cannot use --before "yesterday": give what the page before says');
  expect(limit.stderr).toContain('give a whole number from 1 to 10000.');
});

it('is empty where nothing was ever done: exit 0', async () => {
  const { code, stdout } = await history('shop', '--since=30d', '--host=host-1', '--steps');

  expect([code, stdout]).toEqual([0, 'Nothing of that kind is in the history.\n']);
});
