import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Notice } from '../../../src/generated/notice.ts';
import { Outbox } from '../../../src/journal/outbox.ts';
import { readJournal } from '../../../src/journal/open-journal.ts';
import type { ReceiverStanding } from '../../../src/journal/receiver-rows.ts';
import { aCommit, aRevision } from '../../support/builders.ts';
import { eventually } from '../../support/eventually.ts';
import { scratchFolder, type ScratchFolder } from '../../support/git-repository.ts';
import { startRecorder, type Recorder } from '../../support/recorder.ts';
import { openTelling, webhookSecret, type Telling } from '../../support/told.ts';

let scratch: ScratchFolder;
let telling: Telling & AsyncDisposable;
let recorder: Recorder;

beforeEach(async () => {
  scratch = await scratchFolder();
  telling = openTelling(scratch.path);
  recorder = await startRecorder();
});
afterEach(async () => {
  await telling[Symbol.asyncDispose]();
  await recorder[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const noticesOf = ({ requests }: Recorder): readonly Notice[] =>
  requests.map(({ body }) => JSON.parse(body) as Notice);
const commitsOf = (of: Recorder): readonly (string | null)[] =>
  noticesOf(of).map(({ commit }) => commit);
const arrived = (count: number, of = recorder): Promise<true> =>
  eventually(
    `${count} requests`,
    async () => (of.requests.length >= count ? true : null),
    20_000,
    10,
  );

function standings(): readonly ReceiverStanding[] {
  using journal = readJournal(telling.stateDir);
  return journal.receivers();
}

const delivered = (): Promise<true> =>
  eventually(
    'nothing to be on its way',
    async () => (standings().every(({ waiting }) => waiting === 0) ? true : null),
    20_000,
    10,
  );
const failing = (name: string): Promise<ReceiverStanding> =>
  eventually(
    `${name} to fail`,
    async () => standings().find((one) => one.name === name && one.failingSince !== null) ?? null,
    20_000,
    10,
  );

describe('a webhook', () => {
  it('is told of each edge once and in order, signed, whoever starts again', async () => {
    const receivers = [telling.webhook('ops', recorder.url)];
    telling.start(receivers);
    telling.refuse(1);
    telling.refuse(2);
    await arrived(2);
    telling.journal.accept(aRevision(3), []);
    await arrived(3);
    await delivered();
    await telling.stop();
    telling.start(receivers);
    telling.refuse(4);
    await arrived(4);

    expect(commitsOf(recorder)).toEqual([1, 2, 3, 4].map(aCommit));
    const [refused, next, accepted] = noticesOf(recorder);
    expect(refused).toMatchObject({
      event: 'commit-rejected',
      reason: expect.stringMatching(/:1:1: wrong 1$/),
    });
    expect(accepted).toMatchObject({ event: 'commit-accepted', resolves: next?.id });
    for (const { headers, body } of recorder.requests) {
      const signed = `${String(headers['x-fleetwright-timestamp'])}.${body}`;
      const digest = createHmac('sha256', webhookSecret).update(signed).digest('hex');
      expect(headers['x-fleetwright-signature']).toBe(`sha256=${digest}`);
      expect(headers['x-fleetwright-id']).toBe((JSON.parse(body) as Notice).id);
    }
  });

  it('is told only of what it asks for, and of the end of that', async () => {
    await using other = await startRecorder();
    telling.start([
      telling.webhook('refusals', recorder.url, { events: ['commit-rejected'] }),
      telling.webhook('shop', other.url, { applications: ['shop'] }),
    ]);
    telling.journal.accept(aRevision(1), []);
    telling.refuse(2);
    telling.journal.write([{ kind: 'pruned', application: 'shop', at: 1 }], Date.now());
    telling.journal.write(
      [
        {
          kind: 'rollout-started',
          application: 'shop',
          key: 'k',
          commit: aCommit(1),
          isRollback: false,
          at: Date.now(),
        },
      ],
      Date.now(),
    );
    telling.journal.accept(aRevision(3), []);
    await arrived(2);
    await arrived(1, other);
    await delivered();

    expect(noticesOf(recorder).map(({ event }) => event)).toEqual([
      'commit-rejected',
      'commit-accepted',
    ]);
    expect(noticesOf(other).map(({ event }) => event)).toEqual(['rollout-started']);
  });
});

describe('a receiver that fails', () => {
  it('holds up no other, be it that it hangs, fails or is gone, and is told when it is back', async () => {
    await using hanging = await startRecorder();
    await using broken = await startRecorder();
    const gone = await startRecorder();
    await gone[Symbol.asyncDispose]();
    hanging.mood = 'hang';
    broken.mood = { status: 500 };
    telling.start([
      telling.webhook('hanging', hanging.url),
      telling.webhook('broken', broken.url),
      telling.webhook('gone', gone.url),
      telling.webhook('well', recorder.url),
    ]);
    telling.refuse(1);
    telling.refuse(2);
    await arrived(2);

    expect((await failing('gone')).reason).toMatch(/^Cannot reach 127.0.0.1:\d+: nothing listens/);
    expect((await failing('broken')).reason).toMatch(/answers HTTP 500$/);
    expect((await failing('hanging')).reason).toBe('no answer in time');
    expect(standings().find(({ name }) => name === 'well')).toMatchObject({
      waiting: 0,
      reason: '',
    });
    hanging.mood = { status: 200 };
    broken.mood = { status: 204 };
    await using back = await startRecorder(gone.port);
    await delivered();
    expect(commitsOf(back)).toEqual([1, 2].map(aCommit));
    for (const one of [hanging, broken]) {
      const ids = noticesOf(one).map(({ id }) => id);
      expect(new Set(ids).size).toBe(2);
      expect(ids).toEqual(ids.toSorted());
      expect(ids.length).toBeGreaterThan(2);
    }
    expect(
      standings().every(({ failingSince, givenUp }) => failingSince === null && givenUp === 0),
    ).toBe(true);
  });

  it('is left alone for as long as it asks, and no longer than an hour', async () => {
    recorder.mood = { status: 429, headers: { 'retry-after': '120' } };
    telling.start([telling.webhook('ops', recorder.url)]);
    telling.refuse(1);
    await failing('ops');
    await eventually(
      'the wait',
      async () => (telling.waited.includes(120_000) ? true : null),
      5_000,
      10,
    );
    recorder.mood = { status: 503, headers: { 'retry-after': 'Fri, 31 Dec 2100 00:00:00 GMT' } };
    await eventually(
      'the bound',
      async () => (telling.waited.includes(3_600_000) ? true : null),
      20_000,
      10,
    );
  });

  it('is not followed elsewhere: what is secret stays with the one it is for', async () => {
    await using elsewhere = await startRecorder();
    recorder.mood = { status: 307, headers: { location: `${elsewhere.url}/x?planted` } };
    const tokenFile = telling.secret('token', 'planted-token');
    const { destination } = telling.webhook('ops', recorder.url);
    telling.start([
      telling.webhook('ops', recorder.url, { destination }),
      telling.webhook('status', '', {
        isStatus: true,
        destination: {
          type: 'github',
          apiUrl: recorder.url,
          project: 'o/n',
          tokenFile,
          targetUrl: null,
        },
      }),
    ]);
    telling.refuse(1);

    const { reason } = await failing('status');
    await failing('ops');
    expect(reason).toContain(`redirects to ${elsewhere.url}, which is not followed`);
    expect(reason).not.toContain('planted');
    expect(elsewhere.requests).toEqual([]);
  });

  it('loses a notice that it does not take, and hears the next', async () => {
    recorder.mood = { status: 422 };
    telling.start([telling.webhook('ops', recorder.url)]);
    telling.refuse(1);
    await eventually(
      'the first to be given up',
      async () => standings()[0]?.givenUp === 1 || null,
      20_000,
      10,
    );
    recorder.mood = { status: 200 };
    telling.refuse(2);
    await arrived(2);

    expect(commitsOf(recorder)).toEqual([1, 2].map(aCommit));
    expect(telling.log.filter((line) => line.includes('notice given up'))).toHaveLength(1);
  });

  it('is given up with what is older than a day, in one line of the log', async () => {
    const receivers = [telling.webhook('ops', recorder.url)];
    recorder.mood = { status: 500 };
    telling.start(receivers);
    telling.refuse(1);
    telling.refuse(2);
    await failing('ops');
    await telling.stop();
    telling.start(receivers, 25 * 3_600_000);
    await delivered();

    expect(standings()).toMatchObject([{ name: 'ops', waiting: 0, givenUp: 2 }]);
    const lines = telling.log.filter((line) => line.includes('given up'));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ notices: 2 }]);
  });
});

describe('the outbox', () => {
  it('tells again, under the same id, what was sent and not noted when the process was killed', async () => {
    const receivers = [telling.webhook('ops', recorder.url)];
    Outbox.open(telling.stateDir, receivers)[Symbol.dispose]();
    telling.refuse(1);
    recorder.mood = 'hang';
    const script = fileURLToPath(new URL('tell-until-killed.ts', import.meta.url));
    const secretFile = telling.secret('webhook', webhookSecret);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', script, telling.stateDir, recorder.url, secretFile],
      { stdio: 'inherit' },
    );
    await arrived(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    recorder.mood = { status: 200 };
    telling.start(receivers);
    await delivered();
    await telling.stop();
    telling.start(receivers);
    telling.refuse(2);
    await arrived(3);

    const [killed, again, next] = noticesOf(recorder);
    expect(again).toEqual(killed);
    expect(next?.commit).toBe(aCommit(2));
    expect(recorder.requests).toHaveLength(3);
  });

  it('tells nobody what was before they were named, and drops what was for those who are not any more', async () => {
    telling.refuse(1);
    recorder.mood = { status: 500 };
    telling.start([telling.webhook('old', recorder.url)]);
    telling.refuse(2);
    await failing('old');
    await telling.stop();
    await using other = await startRecorder();
    telling.start([telling.webhook('new', other.url)]);
    telling.refuse(3);
    await arrived(1, other);
    await telling.stop();
    telling.start([]);
    telling.refuse(4);
    await telling.stop();
    telling.start([telling.webhook('new', other.url)]);
    telling.refuse(5);
    await arrived(2, other);

    expect(commitsOf(recorder).filter((commit) => commit !== aCommit(2))).toEqual([]);
    expect(commitsOf(other)).toEqual([3, 5].map(aCommit));
    expect(standings().map(({ name }) => name)).toEqual(['new']);
  });

  it('tells what happened while nobody was there to tell it, unless it is no news any more', async () => {
    const receivers = [telling.webhook('ops', recorder.url)];
    Outbox.open(telling.stateDir, receivers)[Symbol.dispose]();
    telling.refuse(1);
    telling.start(receivers);
    await arrived(1);
    await telling.stop();
    telling.refuse(2);
    telling.start(receivers, 25 * 3_600_000);
    await eventually(
      'the look',
      async () => (matters().includes(aCommit(2)) ? true : null),
      20_000,
      10,
    );

    expect(commitsOf(recorder)).toEqual([aCommit(1)]);
  });

  it('holds so much for each receiver, and counts what it has lost', () => {
    const receivers = [telling.webhook('ops', recorder.url)];
    using outbox = Outbox.open(telling.stateDir, receivers);
    for (let seed = 1; seed <= 520; seed += 1) telling.refuse(seed);
    const seen = { levels: null, since: new Map(), fleet: 'prod', now: Date.now() };
    while (outbox.take(seen));

    expect(standings()).toMatchObject([{ name: 'ops', waiting: 500, givenUp: 20 }]);
    expect(outbox.first('ops')?.notice.commit).toBe(aCommit(21));
  });

  it('reminds of what is not over, once for each interval', () => {
    const hourMs = 3_600_000;
    const receivers = [telling.webhook('ops', recorder.url, { reminderMs: hourMs })];
    using outbox = Outbox.open(telling.stateDir, receivers);
    telling.refuse(1);
    const look = (hours: number): boolean =>
      outbox.take({
        levels: null,
        since: new Map(),
        fleet: '',
        now: Date.now() + hours * hourMs,
      });

    expect([look(0), look(0.5), look(1.5), look(1.6), look(2.5)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    const [first] = [outbox.first('ops')];
    if (first !== null && first !== undefined) outbox.delivered('ops', first);
    expect(outbox.first('ops')?.notice).toMatchObject({
      id: `${first?.notice.id}-r1`,
      event: 'reminder',
      reminds: first?.notice.id,
    });
    telling.journal.accept(aRevision(2), []);
    expect([look(2.6), look(9)]).toEqual([true, false]);
  });
});

/** What is remembered as not over. */
function matters(): string {
  const database = new Database(join(telling.stateDir, 'journal.db'), { readonly: true });
  const rows = database.prepare('SELECT matter FROM matters').all();
  database.close();
  return JSON.stringify(rows);
}
