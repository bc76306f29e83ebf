import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Clock } from '../../../src/model/clock.ts';
import type { JournalState } from '../../../src/model/journal-state.ts';
import { toCommitSha } from '../../../src/model/names.ts';
import { WriteBack } from '../../../src/reconcile/write-back.ts';
import { rolloutKey } from '../../../src/rollout/target.ts';
import type { Source } from '../../../src/source/source.ts';
import { anApplicationRecord, aJournal, aQuarantine } from '../../support/builders.ts';
import {
  applicationAt,
  desiredAt,
  ShopRepository,
  shopManifest,
} from '../../support/shop-repository.ts';

/** Waits are noted, and end when the test says so. */
class Waits implements Clock {
  readonly delays: number[] = [];
  #callback: (() => void) | null = null;

  now(): number {
    return 0;
  }

  after(ms: number, callback: () => void): () => void {
    this.delays.push(ms);
    this.#callback = callback;
    return () => {
      this.#callback = null;
    };
  }

  end(): void {
    const callback = this.#callback;
    this.#callback = null;
    callback?.();
  }
}

let repository: ShopRepository;
let source: Source;
let waits: Waits;
let log: { readonly msg: string; readonly reason?: string }[];
let journal: JournalState;
let writeBack: WriteBack;

beforeEach(async () => {
  repository = await ShopRepository.create();
  source = await repository.open();
  waits = new Waits();
  log = [];
  journal = aJournal({ applications: new Map([['shop', anApplicationRecord()]]) });
  writeBack = open();
});

afterEach(async () => {
  await writeBack[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
  await repository[Symbol.asyncDispose]();
});

function open(): WriteBack {
  return new WriteBack({
    source,
    path: '',
    key: Buffer.of(),
    cache: new Map(),
    journal: { state: () => journal },
    logger: pino({}, { write: (line) => void log.push(JSON.parse(line)) }),
    clock: waits,
    author: 'fleetwright <fleetwright@host>',
    by: 'the operator on host, after an automatic rollback',
  });
}

function shop(image: string): Promise<string> {
  return repository.push({ 'shop/compose.yaml': shopManifest(image), 'shop/web.env': '' }, image);
}

function blog(image: string): Record<string, string> {
  return { 'blog/compose.yaml': `services: { web: { image: "${image}" } }\n` };
}

type Decided = Parameters<WriteBack['decided']>[0];

/** The application is back at `good`, since what `bad` asks for has failed. */
async function rolledBack(good: string, bad: string, facts = {}): Promise<Decided> {
  const [service] = (await applicationAt(source, bad)).services;
  if (service === undefined) throw new Error('no service');
  const target = {
    spec: await applicationAt(source, good),
    commit: toCommitSha(good),
    mode: 'rollback' as const,
    failed: [aQuarantine(service, { commit: toCommitSha(bad) })],
    failedWith: null,
  };
  return {
    applications: [{ application: 'shop', target, settled: true, suspended: false, ...facts }],
  };
}

/** Waits until what it began has come to an end: a line in the log tells. */
async function logged(text: string, times = 1): Promise<void> {
  await expect
    .poll(() => log.filter(({ msg }) => msg.includes(text)).length, { timeout: 10_000 })
    .toBe(times);
}

const head = (): Promise<string> => repository.git('rev-parse', 'main');

describe('WriteBack', () => {
  it('commits a rollback that is through, once', async () => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    writeBack.follow(await desiredAt(source, bad));
    const decision = await rolledBack(good, bad);

    writeBack.decided(decision);
    await logged('rollback committed');
    writeBack.decided(decision);
    await writeBack[Symbol.asyncDispose]();

    expect(await repository.git('rev-parse', 'main^')).toBe(bad);
    expect(await repository.git('diff', good, 'main')).toBe('');
    const message = await repository.git('log', '-1', '--format=%an%n%B', 'main');
    expect(message).toContain('fleetwright\nRevert shop to ');
    expect(message).toContain('after an automatic rollback.');
    expect(message).toContain(`web failed in ${bad.slice(0, 10)}`);
    expect(message).toContain(`Fleetwright-Reverts: ${bad}`);
  });

  it('says once why it commits nothing where a tag is followed', async () => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    await repository.git('tag', 'v1.0.0', bad);
    await source[Symbol.asyncDispose]();
    source = await repository.open({ ref: { kind: 'tag', name: 'v1.0.0' } });
    await writeBack[Symbol.asyncDispose]();
    writeBack = open();
    writeBack.follow(await desiredAt(source, bad));
    const decision = await rolledBack(good, bad);

    writeBack.decided(decision);
    await logged('rollback is not committed');
    writeBack.decided(decision);
    await writeBack[Symbol.asyncDispose]();

    expect(log.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('tag "v1.0.0" is followed, and only a branch takes commits'),
    ]);
    expect(await head()).toBe(bad);
    expect(waits.delays).toEqual([]);
  });

  it('makes no second commit when it was killed after the first', async () => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    const decision = await rolledBack(good, bad);
    const desired = await desiredAt(source, bad);
    writeBack.follow(desired);
    writeBack.decided(decision);
    await logged('rollback committed');
    const made = await head();

    await writeBack[Symbol.asyncDispose]();
    writeBack = open();
    writeBack.follow(desired);
    writeBack.decided(decision);
    await writeBack[Symbol.asyncDispose]();

    expect(await head()).toBe(made);
  });

  it.each([
    { name: 'the rollback is not through', facts: { settled: false } },
    { name: 'the application is suspended', facts: { suspended: true } },
  ])('waits while $name', async ({ facts }) => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    writeBack.follow(await desiredAt(source, bad));

    writeBack.decided(await rolledBack(good, bad, facts));
    await writeBack[Symbol.asyncDispose]();

    expect(await head()).toBe(bad);
  });

  it('waits while the journal does not say that the rollback is through', async () => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    const rollout = {
      key: rolloutKey(await applicationAt(source, good)),
      commit: toCommitSha(good),
      isRollback: true,
      startedAt: 0,
      settledAt: null,
      lastPromotedAt: null,
      lastStagePassedAt: null,
      deadlinePutOffAt: null,
      stages: {},
      isPromotionGranted: false,
      failures: [],
    };
    journal = aJournal({ applications: new Map([['shop', anApplicationRecord({ rollout })]]) });
    writeBack.follow(await desiredAt(source, bad));

    writeBack.decided(await rolledBack(good, bad));
    await writeBack[Symbol.asyncDispose]();

    expect(await head()).toBe(bad);
  });

  it('leaves the branch to people where fleet.yaml does not ask for it', async () => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    const desired = await desiredAt(source, bad);
    writeBack.follow({ ...desired, fleet: { ...desired.fleet, rollback: { writeBack: 'off' } } });

    writeBack.decided(await rolledBack(good, bad));
    await writeBack[Symbol.asyncDispose]();

    expect(await head()).toBe(bad);
  });

  it('goes on top of a newer commit that is about something else', async () => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    writeBack.follow(await desiredAt(source, bad));
    const newer = await repository.push({ README: 'x' });

    writeBack.decided(await rolledBack(good, bad));
    await logged('rollback committed');

    expect(await repository.git('rev-parse', 'main^')).toBe(newer);
    expect(await repository.git('diff', '--name-only', good, 'main')).toBe('README');
  });

  it.each([
    { name: 'is not in force yet', accepted: false },
    { name: 'is in force and fails just the same', accepted: true },
  ])('gives way to a newer commit to the application that $name', async ({ accepted }) => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    const newer = await repository.push({
      'shop/compose.yaml': `# being worked on\n${shopManifest('app:2')}`,
    });
    writeBack.follow(await desiredAt(source, accepted ? newer : bad));

    writeBack.decided(await rolledBack(good, bad));
    await logged('rollback is not committed');
    writeBack.decided(await rolledBack(good, bad));
    await writeBack[Symbol.asyncDispose]();

    expect(await head()).toBe(newer);
    expect(waits.delays).toEqual([]);
    expect(log).toHaveLength(1);
  });

  it('does not commit what would not be the version that runs', async () => {
    const good = await shop('${IMAGE:-app}:1');
    await repository.push({
      'fleet.yaml':
        'name: test\nhosts: [{ name: a, endpoint: unix:///a }]\nrollback: { writeBack: commit }\nvariables: { IMAGE: other }\n',
    });
    const bad = await shop('app:2');
    writeBack.follow(await desiredAt(source, bad));

    writeBack.decided(await rolledBack(good, bad));
    await logged('rollback is not committed');

    expect(log[0]?.reason).toContain('fleet.yaml has changed for it');
    expect(await head()).toBe(bad);
  });

  it('tries again, later each time, when the repository takes no commit', async () => {
    const good = await shop('app:1');
    const bad = await shop('app:2');
    const lock = join(repository.bare, 'refs/heads/main.lock');
    await writeFile(lock, '');
    await utimes(lock, 0, 0);
    writeBack.follow(await desiredAt(source, bad));

    const decision = await rolledBack(good, bad);
    writeBack.decided(decision);
    await logged('rollback cannot be committed now');
    writeBack.decided(decision);
    waits.end();
    await logged('rollback cannot be committed now', 2);
    await rm(lock);
    waits.end();
    await logged('rollback committed');

    expect(waits.delays).toEqual([5_000, 10_000]);
    expect(await repository.git('diff', good, 'main')).toBe('');
  });

  it('commits a rollout group only when all of it is back, and the one that failed last', async () => {
    await repository.push(blog('blog:1'));
    const good = await shop('app:1');
    await repository.push(blog('blog:2'));
    const bad = await shop('app:2');
    journal = aJournal({
      applications: new Map([
        ['shop', anApplicationRecord()],
        ['blog', anApplicationRecord()],
      ]),
    });
    const desired = await desiredAt(source, bad);
    const applications = desired.applications.map((spec) => ({ ...spec, rolloutGroup: 'all' }));
    writeBack.follow({ ...desired, applications });
    const [own] = (await rolledBack(good, bad)).applications;
    if (own === undefined) throw new Error('nothing decided');
    const spec = await applicationAt(source, good, 'blog');
    const taken = { ...own.target, spec, failed: [], failedWith: 'shop' };
    const other = { ...own, application: 'blog', target: taken };

    writeBack.decided({ applications: [{ ...other, settled: false }, own] });
    expect(await head()).toBe(bad);
    writeBack.decided({ applications: [own, other] });
    await logged('rollback committed', 2);

    expect(await repository.git('log', '-2', '--format=%s', 'main')).toBe(
      `Revert shop to ${good.slice(0, 10)}\nRevert blog to ${good.slice(0, 10)}`,
    );
    expect(await repository.git('diff', good, 'main')).toBe('');
  });
});
