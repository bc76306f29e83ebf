/**
 * What a mirror comes to in years: `npm run bench:mirror -- --commits 10000 --files 200`. Each commit is fetched by itself, from
 * `git http-backend` on loopback; at the end stands a native clone of the same commits.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startGitServer } from '../test/support/git-server.ts';
import { importCommits } from './git-history.ts';
import { runNative } from './git-native.ts';
import { middle } from './measure.ts';
import { OurSide } from './our-side.ts';

const { values } = parseArgs({
  options: {
    commits: { type: 'string', default: '10000' },
    files: { type: 'string', default: '200' },
  },
});
const [commits, files] = [Number(values.commits), Number(values.files)];
/** Fetches that the figures of the start and of the end are the medians of: more than there are between two joins. */
const sample = Math.min(200, commits >> 1);

const dir = await mkdtemp(join(tmpdir(), 'fleetwright-bench-'));
try {
  const bare = join(dir, 'bare.git');
  await runNative(dir, ['init', '-q', '--bare', '-b', 'main', bare]);
  await importCommits(bare, files, commits + 1);
  await runNative(bare, ['repack', '-adq']);
  const list = await runNative(bare, ['rev-list', '--reverse', 'main']);
  await using server = await startGitServer(dir);
  await measure(bare, `${server.url}/bare.git`, list.output.trim().split('\n'));
} finally {
  await rm(dir, { recursive: true, force: true });
}

async function measure(bare: string, url: string, ids: readonly string[]): Promise<void> {
  const stateDir = join(dir, 'state');
  const moveTo = (id = ''): Promise<void> =>
    writeFile(join(bare, 'refs', 'heads', 'main'), `${id}\n`);
  await moveTo(ids[0]);
  const side = new OurSide({ url, stateDir });
  await side.ask('head');
  const times: number[] = [];
  let mostPacks = 0;
  let mostBytes = 0;
  for (const id of ids.slice(1)) {
    await moveTo(id);
    const { ms, result } = await side.ask('head');
    if (result !== id) throw new Error('the new commit was not seen');
    times.push(ms);
    const { packs, bytes } = await mirrorOf(stateDir);
    mostPacks = Math.max(mostPacks, packs);
    mostBytes = Math.max(mostBytes, bytes);
    const isTold = process.stderr.isTTY && times.length % 100 === 0;
    if (isTold) process.stderr.write(`\r${times.length} fetched, ${packs} packs `);
  }
  const read = await side.ask('read-tree');
  const again = await side.ask('read-tree');
  await side.end();
  const { packs, bytes } = await mirrorOf(stateDir);
  const clone = join(dir, 'clone.git');
  await runNative(dir, ['clone', '-q', '--bare', url, clone]);
  const native = await packsIn(join(clone, 'objects', 'pack'));
  const start = middle(times.slice(0, sample));
  const end = middle(times.slice(-sample));
  const lines = [
    `${commits} commits of ${files} files, fetched one by one`,
    `fetch, median of the first ${sample}   ${start.toFixed(1)} ms`,
    `fetch, median of the last ${sample}    ${end.toFixed(1)} ms (longest of all ${Math.max(...times).toFixed(0)} ms)`,
    `all files read at the end      ${read.ms.toFixed(1)} ms, again ${again.ms.toFixed(1)} ms`,
    `packs                          ${packs}, at most ${mostPacks}`,
    `mirror                         ${mebibytes(bytes)}, at most ${mebibytes(mostBytes)}`,
    `native clone                   ${mebibytes(native.bytes)} in ${native.packs} pack`,
    `peak memory                    ${again.peakMiB.toFixed(0)} MiB`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function mirrorOf(stateDir: string): ReturnType<typeof packsIn> {
  const [name = ''] = await readdir(join(stateDir, 'git'));
  return packsIn(join(stateDir, 'git', name, 'mirror.git', 'objects', 'pack'));
}

/** Packs and indexes. A file may go while it is looked for: packs are joined beside the fetches. */
async function packsIn(
  folder: string,
): Promise<{ readonly packs: number; readonly bytes: number }> {
  const names = await readdir(folder);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return {
    packs: names.filter((name) => name.endsWith('.pack')).length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(2)} MiB`;
}
