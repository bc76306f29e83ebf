/**
 * Following a repository over HTTP beside native Git: `npm run bench:git -- --files 200,10000,100000 --runs 5`. The server
 * is `git http-backend` on loopback for both. Native figures hold the start of the process, ours a process that runs, which
 * is what each of the two would pay in a daemon.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startGitServer } from '../test/support/git-server.ts';
import { awaitRest } from './machine.ts';
import { importCommits } from './git-history.ts';
import { runNative } from './git-native.ts';
import { OurSide } from './our-side.ts';
import { middle } from './measure.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '200,10000,100000' },
    runs: { type: 'string', default: '5' },
    fetches: { type: 'string', default: '0' },
  },
});

interface Row {
  readonly name: string;
  readonly ours: readonly number[];
  readonly native: readonly number[];
}

const never = new AbortController().signal;
const runs = Number(values.runs);
for (const files of values.files.split(',').map(Number)) await measure(files);

async function measure(files: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'fleetwright-bench-'));
  try {
    const bare = join(dir, 'bare.git');
    await runNative(dir, ['init', '-q', '--bare', '-b', 'main', bare]);
    const history = await importCommits(bare, files, 100);
    await runNative(bare, ['repack', '-adq']);
    await using server = await startGitServer(dir);
    await compare(dir, bare, `${server.url}/bare.git`, files, history.next);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function compare(
  dir: string,
  bare: string,
  url: string,
  files: number,
  commit: () => Promise<void>,
): Promise<void> {
  const clone = join(dir, 'clone.git');
  const figures = new Map<string, { readonly ours: number[]; readonly native: number[] }>();
  const note = (name: string, ours: number, native: number): void => {
    const row = figures.get(name) ?? { ours: [], native: [] };
    figures.set(name, row);
    row.ours.push(ours);
    row.native.push(native);
  };
  let peak = { ours: 0, native: 0 };
  const pauses: number[] = [];
  const sides: OurSide[] = [];
  for (let run = 0; run < runs; run += 1) {
    await awaitRest(0.2, never);
    await rm(clone, { recursive: true, force: true });
    const native = await runNative(dir, ['clone', '-q', '--bare', url, clone]);
    const side = new OurSide({ url, stateDir: join(dir, `state-${run}`) });
    sides.push(side);
    const ours = await side.ask('head');
    note('clone', ours.ms, native.ms);
    pauses.push(ours.pauseMs);
    peak = {
      ours: Math.max(peak.ours, ours.peakMiB),
      native: Math.max(peak.native, native.peakMiB),
    };
    const tree = await side.ask('read-tree');
    note('read all files', tree.ms, await readTreeNatively(clone));
    const again = await side.ask('read-tree');
    note('read them again', again.ms, await readTreeNatively(clone));
    peak.ours = Math.max(peak.ours, again.peakMiB);
    if (Number(tree.result) !== files) throw new Error(`${tree.result} of ${files} files`);
    if (run < runs - 1) await side.end();
  }
  const last = sides.at(-1);
  if (last === undefined) return;
  const fetchArgs = ['fetch', '-q', url, '+refs/heads/main:refs/heads/main'];
  for (let run = 0; run < Math.max(runs, Number(values.fetches)); run += 1) {
    const nothing = await last.ask('head');
    note('nothing new', nothing.ms, (await runNative(clone, fetchArgs)).ms);
    await commit();
    const one = await last.ask('head');
    note('one commit', one.ms, (await runNative(clone, fetchArgs)).ms);
    const tip = await runNative(bare, ['rev-parse', 'main']);
    if (one.result !== tip.output.trim()) throw new Error('the new commit was not seen');
  }
  await last.end();
  print(
    files,
    [...figures].map(([name, row]) => ({ name, ...row })),
    peak,
    middle(pauses),
  );
}

async function readTreeNatively(clone: string): Promise<number> {
  const list = await runNative(clone, ['ls-tree', '-r', '--format=%(objectname)', 'main']);
  const all = await runNative(clone, ['cat-file', '--batch'], list.output);
  return list.ms + all.ms;
}

function print(
  files: number,
  rows: readonly Row[],
  peak: { readonly ours: number; readonly native: number },
  pauseMs: number,
): void {
  const lines = rows.map(({ name, ours, native }) => {
    const [us, them] = [middle(ours), middle(native)];
    return row(name, `${us.toFixed(1)} ms`, `${them.toFixed(1)} ms`, `${(us / them).toFixed(2)} ×`);
  });
  const memory = row(
    'peak memory',
    `${peak.ours.toFixed(0)} MiB`,
    `${peak.native.toFixed(0)} MiB`,
    '',
  );
  const head = row(`${files} files`, 'ours', 'native', 'ratio');
  const pause = row('pause in clone', `${pauseMs.toFixed(1)} ms`, '', '');
  process.stdout.write(`${[head, ...lines, memory, pause].join('\n')}\n\n`);
}

function row(...cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(18) : cell.padStart(12))).join('');
}
