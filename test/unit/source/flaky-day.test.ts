import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import type { GitHttpRequest, GitHttpResponse } from 'isomorphic-git';
import { pino } from 'pino';
import { expect, it } from 'vitest';

import { openJournal } from '../../../src/journal/open-journal.ts';
import { TransientError } from '../../../src/model/errors.ts';
import { Follower } from '../../../src/reconcile/follower.ts';
import { bodyOf, wholeBody } from '../../../src/source/body.ts';
import { MirrorSource } from '../../../src/source/mirror-source.ts';
import { openHttp } from '../../../src/source/open-http.ts';
import type { Source } from '../../../src/source/source.ts';
import type { Transport } from '../../../src/source/transport.ts';
import { Random } from '../../simulation/random.ts';
import { VirtualClock } from '../../simulation/virtual-clock.ts';
import { runGit, scratchFolder } from '../../support/git-repository.ts';
import { startGitServer } from '../../support/git-server.ts';
import { testKey } from '../../support/load-files.ts';

const logger = pino({ level: 'silent' });
const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const pollIntervalMs = 30 * second;
const startAt = 1_700_000_000_000;
const commits = 80;

function data(text: string): string {
  return `data ${text.length}\n${text}\n`;
}

/** Each asks for another version of the same service. */
function history(): string {
  const fleet = 'name: test\nhosts: [{ name: h, endpoint: "tcp://192.0.2.1:2376" }]\n';
  return Array.from({ length: commits }, (_, n) => {
    const who = `committer Ada <ada@example.com> ${1_700_000_000 + n} +0000\n`;
    const app = `services: { web: { image: "app:v${n}" } }\n`;
    const files = [
      `M 644 inline fleet.yaml\n${data(fleet)}`,
      `M 644 inline shop/compose.yaml\n${data(app)}`,
    ];
    return `commit refs/heads/all\n${who}${data(`version ${n}`)}${files.join('')}\n`;
  }).join('');
}

/** What is under way and needs no time to pass. */
class Work {
  #count = 0;

  async track<T>(work: Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work;
    } finally {
      this.#count -= 1;
    }
  }

  async done(): Promise<void> {
    for (let idle = 0; idle < 3; idle += 1) {
      await turn();
      if (this.#count > 0) idle = 0;
    }
  }
}

/** Says of each answer, by its number from 1, whether it fails. */
type Fails = (answer: number) => boolean;

interface FlakyFacts {
  readonly fails: Fails;
  readonly tip: () => string;
  readonly clock: VirtualClock;
  readonly work: Work;
}

/**
 * Answers of a real server, each asked for once per tip of the branch since there are thousands in a day, some of which fail.
 */
class FlakyTransport implements Transport {
  readonly url: string;
  readonly host: string;
  /** When each answer was given. */
  readonly answers: number[] = [];
  readonly #server: Transport;
  readonly #known = new Map<string, { readonly answer: GitHttpResponse; readonly body: Buffer }>();
  readonly #facts: FlakyFacts;

  constructor(server: Transport, facts: FlakyFacts) {
    this.#server = server;
    this.url = server.url;
    this.host = server.host;
    this.#facts = facts;
  }

  converse(signal: AbortSignal): ReturnType<Transport['converse']> {
    return {
      request: (request) => this.#facts.work.track(this.#answer(request, signal)),
      async [Symbol.asyncDispose]() {},
    };
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: GitHttpRequest, signal: AbortSignal): Promise<GitHttpResponse> {
    const { fails, tip, clock } = this.#facts;
    this.answers.push(clock.now());
    if (fails(this.answers.length)) throw new TransientError('GitUnreachable', 'no answer');
    const sent = await wholeBody(request.body);
    const { method = 'GET', url, headers = {} } = request;
    const key = [tip(), method, url, headers['Git-Protocol'], sent.toString('latin1')].join('\n');
    const known =
      this.#known.get(key) ?? (await this.#ask({ ...request, body: bodyOf(sent) }, signal));
    this.#known.set(key, known);
    return { ...known.answer, body: bodyOf(known.body) };
  }

  async #ask(
    request: GitHttpRequest,
    signal: AbortSignal,
  ): Promise<{ readonly answer: GitHttpResponse; readonly body: Buffer }> {
    await using conversation = this.#server.converse(signal);
    const answer = await conversation.request(request);
    return { answer, body: await wholeBody(answer.body) };
  }
}

function tracked(source: Source, work: Work): Source {
  return {
    followed: source.followed,
    keep: (commit) => source.keep(commit),
    message: (...args) => work.track(source.message(...args)),
    head: (signal) => work.track(source.head(signal)),
    resolve: (...args) => work.track(source.resolve(...args)),
    isBehind: (...args) => work.track(source.isBehind(...args)),
    tree: (...args) => work.track(source.tree(...args)),
    read: (...args) => work.track(source.read(...args)),
    lastChange: (...args) => work.track(source.lastChange(...args)),
    versions: (...args) => work.track(source.versions(...args)),
    commit: (...args) => work.track(source.commit(...args)),
    watch: (onHint) => source.watch(onHint),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

interface Day {
  /** For each commit, how long it stayed the head, and after how long it was accepted. */
  readonly commits: readonly { readonly stayedMs: number; readonly acceptedAfterMs: number }[];
  /** When each answer was given. */
  readonly answers: readonly number[];
}

/** Commits arrive at random moments, some of them seconds after each other; nobody is told. */
function momentsOfCommits(random: Random): readonly number[] {
  let at = 0;
  return Array.from({ length: commits }, (_, n) => {
    if (n > 0)
      at += random.chance(0.2) ? random.integer(1, 20) * second : random.integer(1, 36) * minute;
    return at;
  }).filter((moment) => moment < day - 60 * minute);
}

async function liveThroughDay(fails: Fails): Promise<Day> {
  await using scratch = await scratchFolder();
  await using server = await startGitServer(scratch.path);
  const bare = join(scratch.path, 'bare.git');
  await runGit(scratch.path, ['init', '-q', '--bare', '-b', 'main', bare]);
  await runGit(bare, ['fast-import', '--quiet'], { input: history() });
  const ids = (await runGit(bare, ['rev-list', '--reverse', 'all'])).split('\n');
  const clock = new VirtualClock(startAt);
  const work = new Work();
  let tip = '';
  const moments = momentsOfCommits(new Random(1));
  for (const [n, moment] of moments.entries()) {
    clock.after(moment, () => {
      tip = ids[n] ?? '';
      writeFileSync(join(bare, 'refs', 'heads', 'main'), `${tip}\n`);
    });
  }
  await clock.step(startAt);

  const url = `${server.url}/bare.git`;
  const options = {
    location: { kind: 'http', url } as const,
    repository: url,
    submodules: null,
    ref: { kind: 'branch', name: 'main' } as const,
    path: '',
    folder: '',
    stateDir: join(scratch.path, 'state'),
    pollIntervalMs,
    random: new Random(2).next,
    logger,
    clock,
  };
  const limits = { idleTimeoutMs: 30_000, totalTimeoutMs: 30_000, maxAnswerBytes: 1024 ** 2 };
  const real = openHttp(url, { ...options, submodules: undefined }, limits);
  const transport = new FlakyTransport(real, { fails, tip: () => tip, clock, work });
  const accepted = new Map<string, number>();
  using journal = openJournal(join(scratch.path, 'journal'), logger);
  await using source = await MirrorSource.open(options, transport);
  await using follower = new Follower({
    source: tracked(source, work),
    journal,
    logger,
    nonFastForward: 'refuse',
    path: '',
    key: testKey,
    cache: new Map(),
    onAccepted: ({ desired: { revision } }) => {
      journal.accept(revision, ['test']);
      accepted.set(revision.commit, clock.now() - startAt);
    },
  });
  await follower.start();
  do await work.done();
  while (await clock.step(startAt + day));

  return {
    answers: [...transport.answers],
    commits: moments.map((moment, n) => ({
      stayedMs: (moments[n + 1] ?? day) - moment,
      acceptedAfterMs: (accepted.get(ids[n] ?? '') ?? Infinity) - moment,
    })),
  };
}

it.each([
  { name: 'every third', fails: (answer) => answer % 3 === 0, boundMs: 2 * pollIntervalMs },
  { name: 'no', fails: () => false, boundMs: 1.1 * pollIntervalMs },
] satisfies readonly { name: string; fails: Fails; boundMs: number }[])(
  'a day in which $name answer fails: no commit is missed, and the server is not asked too often',
  async ({ fails, boundMs }) => {
    const { commits: seen, answers } = await liveThroughDay(fails);

    const lasting = seen.filter(({ stayedMs }) => stayedMs > boundMs);
    expect(lasting.length).toBeGreaterThan(40);
    const late = lasting.filter(({ acceptedAfterMs }) => acceptedAfterMs > boundMs);
    expect(late).toEqual([]);
    const intervals = day / pollIntervalMs;
    expect(answers.length).toBeGreaterThan(1.5 * intervals);
    expect(answers.length).toBeLessThan(4 * intervals);
    const perMinute = new Map<number, number>();
    for (const at of answers) {
      const nth = Math.floor(at / minute);
      perMinute.set(nth, (perMinute.get(nth) ?? 0) + 1);
    }
    expect(Math.max(...perMinute.values())).toBeLessThan(40);
  },
);
