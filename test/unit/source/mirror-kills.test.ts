import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Random } from '../../simulation/random.ts';
import { bundleProgram } from '../../support/bundled-program.ts';
import { runGit, scratchFolder, type ScratchFolder } from '../../support/git-repository.ts';
import { startGitServer, type GitServer } from '../../support/git-server.ts';
import { contentOfHead, never, openTestSource } from '../../support/open-test-source.ts';

const commits = 100;
/** How far a life goes that is not ended before: a clone or the first fetch, some more, and packs to join. */
const headsOfOneLife = 5;
const maxPacks = '4';
const lanes = ['a', 'b', 'c'];
const lives = 51;

let scratch: ScratchFolder;
let server: GitServer;
let program: string;
let bare: string;
let ids: readonly string[];

beforeAll(async () => {
  scratch = await scratchFolder();
  server = await startGitServer(scratch.path);
  program = await bundleProgram('test/support/follow-forever.ts', scratch.path);
  bare = join(scratch.path, 'bare.git');
  await runGit(scratch.path, ['init', '-q', '--bare', '-b', 'main', bare]);
  await runGit(bare, ['fast-import', '--quiet'], { input: history() });
  ids = (await runGit(bare, ['rev-list', '--reverse', 'main'])).split('\n');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const files = Object.fromEntries(
  Array.from({ length: 20 }, (_, at) => [`apps/${at}`, noise(at, 20_000)]),
);

/** Text that does not compress, so that a clone takes its time. */
function noise(seed: number, bytes: number): string {
  const random = new Random(seed);
  return Array.from({ length: bytes }, () => String.fromCodePoint(random.integer(33, 126))).join(
    '',
  );
}

function data(text: string): string {
  return `data ${text.length}\n${text}\n`;
}

function history(): string {
  const all = Object.entries(files).map(([path, text]) => `M 644 inline ${path}\n${data(text)}`);
  return Array.from({ length: commits }, (_, n) => {
    const who = `committer Ada <ada@example.com> ${1_700_000_000 + n} +0000\n`;
    const changed = `${n === 0 ? all.join('') : ''}M 644 inline n\n${data(String(n))}`;
    return `commit refs/heads/main\n${who}${data(`commit ${n}`)}${changed}\n`;
  }).join('');
}

/** In time, or in what is done to files. */
interface KillMoment {
  readonly afterMs?: number;
  readonly atCall?: number;
}

interface Life {
  readonly ms: number;
  readonly calls: number;
}

/** One repository's branch, and the state folder of those who follow it, one after the other. */
class Lane {
  readonly branch: string;
  readonly stateDir: string;
  #at = 0;

  constructor(branch: string) {
    this.branch = branch;
    this.stateDir = join(scratch.path, `state-${branch}`);
  }

  /** The branch begins anew, and there is no mirror. */
  async clear(): Promise<void> {
    await rm(this.stateDir, { recursive: true, force: true });
    this.#at = 0;
    await this.moveOn();
  }

  get isNearItsEnd(): boolean {
    return this.#at + headsOfOneLife >= commits;
  }

  get tip(): string {
    return ids[this.#at] ?? '';
  }

  get content(): Record<string, string> {
    return { ...files, n: String(this.#at) };
  }

  async moveOn(): Promise<void> {
    this.#at += 1;
    await runGit(bare, ['update-ref', `refs/heads/${this.branch}`, this.tip]);
  }

  /** Follows the branch, which moves on whenever the follower has its tip, until it has had all or is killed. */
  async live({ afterMs, atCall = 0 }: KillMoment): Promise<Life> {
    const facts = [`${server.url}/bare.git`, this.stateDir, this.branch];
    const args = [program, ...facts, maxPacks, String(atCall)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const exit = once(child, 'exit');
    let begunAt = 0;
    let heads = 0;
    let calls = 0;
    let timer: NodeJS.Timeout | undefined;
    for await (const line of createInterface(child.stdout)) {
      if (line === 'following') {
        begunAt = performance.now();
        if (afterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
        continue;
      }
      calls = Number(line.split(' ')[1]);
      heads += 1;
      if (heads === headsOfOneLife) break;
      await this.moveOn();
    }
    const ms = performance.now() - begunAt;
    clearTimeout(timer);
    child.kill('SIGKILL');
    await exit;
    return { ms, calls };
  }

  /** What the follower was about when it was killed, as its folder shows it. */
  async phase(): Promise<string> {
    const [name = ''] = await names(join(this.stateDir, 'git'));
    const folder = join(this.stateDir, 'git', name);
    if (name === '') return 'nothing is there';
    const accepted = await readFile(join(folder, 'accepted.json'), 'utf8').catch(() => '{}');
    const { commit, packs = [] } = JSON.parse(accepted) as { commit?: string; packs?: string[] };
    const kind = commit === undefined ? 'clone' : 'fetch';
    const there = await names(join(folder, 'mirror.git', 'objects', 'pack'));
    if (there.length !== 2 * packs.length) return `${kind}: packs are moved`;
    const received = await names(join(folder, 'incoming.git', 'objects', 'pack'));
    if (commit === this.tip) return 'the tip is there';
    return received.length > 0 ? `${kind}: a pack has come` : `${kind}: the server is asked`;
  }

  /** The mirror is usable: not one object has to be fetched again, and all of the head can be read. */
  async check(): Promise<void> {
    const log: string[] = [];
    const { stateDir } = this;
    const ref = { kind: 'branch', name: this.branch } as const;
    const repository = `${server.url}/bare.git`;
    {
      await using source = await openTestSource({ repository, stateDir, ref }, log);
      expect(log.join('')).not.toContain('mirror is damaged');
      expect((await source.head(never)).commit).toBe(this.tip);
      expect(await contentOfHead(source)).toEqual(this.content);
    }
    const [name = ''] = await names(join(stateDir, 'git'));
    const gitdir = join(stateDir, 'git', name, 'mirror.git');
    await runGit(gitdir, ['fsck', '--connectivity-only', '--no-dangling', this.tip]);
  }
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

it('a mirror is usable after its process was killed at any of 51 moments of clone and fetch', async () => {
  const first = new Lane('first');
  await first.clear();
  const whole = await first.live({});
  const phases = new Map<string, number>();

  await Promise.all(
    lanes.map(async (name) => {
      const random = new Random(1).split(name);
      const lane = new Lane(name);
      for (let life = 0; life < lives / lanes.length; life += 1) {
        if (life === 0 || random.chance(0.4) || lane.isNearItsEnd) await lane.clear();
        else await lane.moveOn();
        const share = random.next();
        const isTimed = random.chance(0.3);
        await lane.live(
          isTimed ? { afterMs: share * whole.ms } : { atCall: 1 + Math.floor(share * whole.calls) },
        );
        const phase = await lane.phase();
        phases.set(phase, (phases.get(phase) ?? 0) + 1);
        await lane.check();
      }
    }),
  );

  const inTheMiddle = lives - (phases.get('the tip is there') ?? 0);
  const seen = JSON.stringify(Object.fromEntries(phases));
  expect(inTheMiddle, seen).toBeGreaterThan(lives / 4);
  expect(phases.size, seen).toBeGreaterThan(2);
}, 120_000);
