/**
 * The tests on real engines, in three lines at the same time, since most of what they do is wait: each has a fleet of its
 * own, and the third begins with those on Docker 26.1 and in a real browser. What the first line says is seen as it comes; what
 * the others say comes as a whole, each when it and those before it are through.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

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

const [first, ...others] = lines.map((parts, index) => runLine(parts, index === 0));
const codes = [(await first)?.isWell];
for (const line of others) {
  const { isWell, said } = await line;
  codes.push(isWell);
  process.stdout.write(said);
}
process.exitCode = codes.every((isWell) => isWell === true) && !isStopped ? 0 : 1;

interface Ended {
  readonly isWell: boolean;
  readonly said: string;
}

/** Runs one part after the other, also when one has failed: people want to know all that fails. */
async function runLine(parts: readonly (readonly string[])[], isShown: boolean): Promise<Ended> {
  let isWell = true;
  let said = '';
  for (const part of parts) {
    if (isStopped) return { isWell: false, said };
    const code = await run(part, (text) => {
      if (isShown) process.stdout.write(text);
      else said += text;
    });
    isWell &&= code === 0;
  }
  return { isWell, said };
}

/** Gives the exit code; null when a signal ended it. */
async function run(
  part: readonly string[],
  onText: (text: string) => void,
): Promise<number | null> {
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...part];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  child.stdout.setEncoding('utf8').on('data', onText);
  const [code] = (await once(child, 'close')) as [number | null];
  children.delete(child);
  return code;
}
