/**
 * The tests on real engines: those on Docker 20.10 in two parts, and those on 26.1, each on a fleet of its own and all at the
 * same time, since most of what they do is wait; those in a real browser come with the last. What the first part says is seen as it comes; what the others say comes as a
 * whole, each when it and those before it are through.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

interface Run {
  readonly child: ChildProcess;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  said: string;
}

const parts = [
  ['--project', 'engine', '--shard', '1/2'],
  ['--project', 'engine', '--shard', '2/2'],
  ['--project', 'engine-26', '--project', 'web'],
] as const;

/** A file of tests is through, so the first fleet is up: at one time all would install packages and make images. */
const firstResult = / \|engine\| /;

const runs: Run[] = [];

// A Ctrl-C reaches them by itself, and each takes its fleet down: this process waits for them.
let isStopped = false;
process.on('SIGINT', () => {
  isStopped = true;
});
process.on('SIGTERM', () => {
  isStopped = true;
  for (const { child } of runs) child.kill('SIGTERM');
});

const [firstPart, ...otherParts] = parts;
const first = start(firstPart, (text) => {
  process.stdout.write(text);
  if (firstResult.test(first.said)) startOthers();
});
const codes = [await first.ended];
startOthers();
for (const run of runs.slice(1)) {
  codes.push(await run.ended);
  process.stdout.write(run.said);
}
process.exitCode = codes.every((code) => code === 0) && !isStopped ? 0 : 1;

function startOthers(): void {
  if (isStopped || runs.length > 1) return;
  for (const part of otherParts) start(part);
}

function start(part: readonly string[], onText?: (text: string) => void): Run {
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...part];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close').then(([exitCode]) => exitCode as number | null);
  const run: Run = { child, ended, said: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.said += text;
    onText?.(text);
  });
  runs.push(run);
  return run;
}
