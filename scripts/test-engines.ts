/**
 * The tests on real engines, in three lines at the same time, since most of what they do is wait: each has a fleet of its
 * own, and the third begins with those on Docker 26.1 and in a real browser. What the first line says is seen as it comes; what
 * the others say comes as a whole, each when it and those before it are through. What failed comes last, whichever line it was
 * in, since the end of a log is what people are shown first.
 */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

import { prepareEngine } from '../src/sandbox/engine-choice.ts';

const lines = [
  [['--project', 'engine', '--shard', '1/3']],
  [['--project', 'engine', '--shard', '2/3']],
  [
    ['--project', 'engine-26', '--project', 'web'],
    ['--project', 'engine', '--shard', '3/3'],
  ],
] as const;

const children = new Set<ChildProcess>();

// A Ctrl-C reaches them by itself, and each takes its fleet down: this process waits for them.
let isStopped = false;
process.on('SIGINT', () => {
  isStopped = true;
});
process.on('SIGTERM', () => {
  isStopped = true;
  for (const child of children) child.kill('SIGTERM');
});

// Else each line would find that the packages are missing, and install them.
if (process.geteuid?.() === 0) {
  await prepareEngine('installed', (text) => process.stderr.write(`engine: ${text}\n`));
}

const ended: Ended[] = [];
for (const line of lines.map((parts, index) => runLine(parts, index === 0))) {
  const end = await line;
  process.stdout.write(end.said);
  ended.push(end);
}
for (const { failures } of ended) process.stderr.write(failures);
process.exitCode = ended.every(({ isWell }) => isWell) && !isStopped ? 0 : 1;

interface Ended {
  readonly isWell: boolean;
  /** What is still to be printed of its standard output. */
  readonly said: string;
  /** Its standard error, where failures are told with their places. */
  readonly failures: string;
}

/** Runs one part after the other, also when one has failed: people want to know all that fails. */
async function runLine(parts: readonly (readonly string[])[], isShown: boolean): Promise<Ended> {
  let isWell = true;
  let said = '';
  let failures = '';
  for (const part of parts) {
    if (isStopped) return { isWell: false, said, failures };
    const child = spawnPart(part);
    child.stdout.on('data', (text: string) => {
      if (isShown) process.stdout.write(text);
      else said += text;
    });
    child.stderr.on('data', (text: string) => {
      failures += text;
    });
    // Null when a signal ended it.
    const [code] = (await once(child, 'close')) as [number | null];
    children.delete(child);
    isWell &&= code === 0;
  }
  return { isWell, said, failures };
}

function spawnPart(part: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...part];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  children.add(child);
  return child;
}
