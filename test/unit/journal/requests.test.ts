import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { openRequestBox } from '../../../src/journal/request-box.ts';
import { isStateLocked } from '../../../src/journal/state-lock.ts';
import { StalledError } from '../../../src/model/errors.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import type { OperatorRequest } from '../../../src/model/request.ts';

const execute = promisify(execFile);
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleetwright-requests-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function open(): Journal {
  return openJournal(folder, pino({ level: 'silent' }));
}

const suspend = { kind: 'suspend', application: 'shop', by: 'ada@laptop', at: 5 } as const;

function ask(facts: Partial<OperatorRequest> = {}): OperatorRequest {
  using box = openRequestBox(folder);
  return box.append({ ...suspend, ...facts });
}

function answer(request: OperatorRequest, accepted = true): JournalEntry {
  const { id, application } = request;
  const message = accepted ? 'suspended' : 'it is suspended already';
  return { kind: 'request-answered', request: id, application, accepted, message, at: 9 };
}

const askOften = new URL('ask-often.ts', import.meta.url);
const writeAndWait = new URL('write-and-wait.ts', import.meta.url);
const lookAtLock = new URL('look-at-lock.ts', import.meta.url);

/** Arguments that run one of the scripts beside this test as a process of its own. */
function script(url: URL, ...args: readonly string[]): readonly string[] {
  return ['--import', 'tsx', fileURLToPath(url), folder, ...args];
}

describe('a request', () => {
  it('keeps how many slots it moves at most, until it is answered', () => {
    using journal = open();
    const asked = ask({ kind: 'rebalance', application: '', maxMoves: 3 });
    const other = ask({ kind: 'rebalance', application: '' });

    expect(journal.requests()).toEqual([
      { kind: 'rebalance', application: '', maxMoves: 3, by: 'ada@laptop', at: 5, id: asked.id },
      { kind: 'rebalance', application: '', by: 'ada@laptop', at: 5, id: other.id },
    ]);
    journal.write([answer(asked), answer(other)], 9);
    expect(journal.requests()).toEqual([]);
    using box = openRequestBox(folder);
    expect(box.answerTo(asked)).toMatchObject({ accepted: true });
  });

  it('is in the journal of a running operator, in the order of asking', () => {
    using journal = open();
    expect(journal.requests()).toEqual([]);

    const first = ask();
    const second = ask({ kind: 'resume', by: 'bob' });

    expect(first).toEqual({ ...suspend, id: first.id });
    expect(second.id).toBeGreaterThan(first.id);
    expect(journal.requests()).toEqual([first, second]);
  });

  it('is gone when it is answered, and the answer is found by whoever asked', () => {
    using journal = open();
    using box = openRequestBox(folder);
    const first = box.append(suspend);
    const second = box.append(suspend);
    expect(box.answerTo(first)).toBeNull();

    journal.write([{ kind: 'retried', application: 'shop', at: 9 }, answer(second, false)], 9);

    expect(journal.requests()).toEqual([first]);
    expect(box.answerTo(first)).toBeNull();
    expect(box.answerTo(second)).toEqual(answer(second, false));
  });

  it('is kept until an operator comes, and begins the journal where there is none', () => {
    const request = ask();

    using journal = open();

    expect(journal.requests()).toEqual([request]);
    expect(journal.accepted()).toBeNull();
  });

  it('has a number of its own, also after all before it were answered', () => {
    const first = ask();
    using journal = open();
    journal.write([answer(first)], 9);

    expect(ask().id).toBeGreaterThan(first.id);
  });

  it('is refused by a journal that cannot be read, which stays as it is', () => {
    writeFileSync(join(folder, 'journal.db'), 'not a database');

    expect(() => ask()).toThrow(StalledError);
    expect(() => ask()).toThrow('which begins it anew');
  });
});

describe('two processes', () => {
  it('append and answer beside each other, and nothing is lost', async () => {
    using journal = open();
    const asked = 40;
    const writing = execute(process.execPath, script(askOften, String(asked)));
    const seen = new Set<number>();
    const written = new AbortController();
    const done = writing.finally(() => written.abort());
    while (!written.signal.aborted || journal.requests().length > 0) {
      const requests = journal.requests();
      for (const { id } of requests) seen.add(id);
      journal.write(
        requests.map((request) => answer(request)),
        9,
      );
      await new Promise(setImmediate);
    }

    const { stdout } = await done;

    expect(stdout.trim().split(' ').map(Number)).toEqual([...seen]);
    expect(seen.size).toBe(asked);
  });

  it('begin one journal at the same time', async () => {
    const runs = await Promise.all(
      [1, 2, 3].map(() => execute(process.execPath, script(askOften, '2'))),
    );

    const ids = runs.flatMap(({ stdout }) => stdout.trim().split(' ').map(Number));
    using journal = open();
    expect(journal.requests().map(({ id }) => id)).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(ids).size).toBe(6);
  });
});

describe('isStateLocked()', () => {
  it('tells whether some process is the writer', () => {
    expect(isStateLocked(folder)).toBe(false);
    expect(existsSync(join(folder, 'lock.db'))).toBe(false);
    {
      using journal = open();
      expect(journal.requests()).toEqual([]);
      expect(isStateLocked(folder)).toBe(true);
    }
    expect(isStateLocked(folder)).toBe(false);
  });

  it('is false again after the writer was killed', async () => {
    const child = spawn(process.execPath, script(writeAndWait));
    await once(child.stdout, 'data');
    expect(isStateLocked(folder)).toBe(true);

    child.kill('SIGKILL');
    await once(child, 'exit');

    expect(isStateLocked(folder)).toBe(false);
  });

  it('never keeps an operator from starting', async () => {
    const looking = spawn(process.execPath, script(lookAtLock));
    await once(looking.stdout, 'data');
    try {
      for (let start = 0; start < 200; start += 1) {
        using journal = open();
        expect(journal.requests()).toEqual([]);
      }
    } finally {
      looking.kill('SIGKILL');
    }
    await once(looking, 'exit');
  });
});
