import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { validateRequest } from '../../../src/generated/validators.js';
import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import type { OperatorRequest } from '../../../src/model/request.ts';
import { aRevision } from '../../support/builders.ts';
import type { CommandResult } from '../../support/command-line.ts';
import { fleetwrightSource } from '../../support/command-line.ts';
import { eventually } from '../../support/eventually.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleetwright-request-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function open(): Journal {
  return openJournal(folder, pino({ level: 'silent' }));
}

function ask(...args: readonly string[]): Promise<CommandResult> {
  return fleetwrightSource(...args, `--state=${folder}`);
}

/** Waits for the next request and answers it, as an operator does. */
async function answerNext(journal: Journal, accepted: boolean): Promise<OperatorRequest> {
  const request = await eventually('a request', async () => journal.requests().at(0) ?? null);
  const { id, application } = request;
  const message = accepted ? 'suspended' : 'it is not suspended';
  const answer = { request: id, application, accepted, message, at: 9 };
  journal.write([{ kind: 'request-answered', ...answer }], 9);
  return request;
}

describe('a request to a running operator', () => {
  it('is accepted: exit 0, with who asked', async () => {
    using journal = open();
    journal.accept(aRevision(1), ['shop']);

    const asking = ask('suspend', 'shop', '--by=ada', '--wait=30s');
    const request = await answerNext(journal, true);
    const { code, stdout } = await asking;

    expect(request).toMatchObject({ kind: 'suspend', application: 'shop', by: 'ada' });
    expect(stdout).toBe('shop  suspend accepted: suspended\n');
    expect(code).toBe(0);
  });

  it('is turned down: exit 1, and the document says so', async () => {
    using journal = open();
    journal.accept(aRevision(1), ['shop']);

    const asking = ask('resume', 'shop', '--wait=30s', '--output=json');
    const { id, by } = await answerNext(journal, false);
    const { code, stdout } = await asking;

    const document: unknown = JSON.parse(stdout);
    expect(validateRequest(document), JSON.stringify(validateRequest.errors)).toBe(true);
    expect(document).toEqual({
      version: 1,
      request: id,
      application: 'shop',
      kind: 'resume',
      state: 'refused',
      message: 'it is not suspended',
    });
    expect(by).toMatch(/^.+@.+$/);
    expect(code).toBe(1);
  });

  it('that is not answered in time is kept: exit 1', async () => {
    using journal = open();

    const { code, stdout } = await ask('retry', 'shop', '--wait=1ms', '--output=json');

    expect(JSON.parse(stdout)).toMatchObject({
      state: 'pending',
      message: expect.stringContaining('has not answered within'),
    });
    expect(journal.requests()).toHaveLength(1);
    expect(code).toBe(1);
  });

  it('whose answer is not waited for: exit 0', async () => {
    using journal = open();

    const { code, stdout } = await ask('retry', 'shop', '--wait=0s');

    expect(stdout).toContain('retry pending: the request is kept');
    expect(journal.requests()).toHaveLength(1);
    expect(code).toBe(0);
  });
});

describe('a request while no operator is running', () => {
  it('is kept for the next one: exit 0 at once', async () => {
    const { code, stdout } = await ask('abort', 'shop', '--wait=1h');

    expect(stdout).toContain('abort pending: no operator is running; the request is kept in');
    expect(code).toBe(0);
    using journal = open();
    expect(journal.requests()).toMatchObject([{ kind: 'abort', application: 'shop' }]);
  });

  it('for an application that the commit in force does not have: exit 2, with what was meant', async () => {
    {
      using journal = open();
      journal.accept(aRevision(1), ['blog', 'shop']);
      journal.accept(aRevision(2), ['shop']);
    }

    const misspelt = await ask('promote', 'shops');
    const removed = await ask('promote', 'blog');

    expect(misspelt.stderr).toContain('Cannot promote "shops"');
    expect(misspelt.stderr).toContain('(did you mean "shop"?)');
    expect(removed.stderr).toContain('Cannot promote "blog": commit 000000000000 removed it');
    expect([misspelt.code, removed.code]).toEqual([2, 2]);
    using journal = open();
    expect(journal.requests()).toEqual([]);
  });
});
