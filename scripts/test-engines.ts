/**
 * The tests on real engines: the fleet of Docker 20.10 and that of 26.1 at the same time, since most of what they do is wait.
 * What the second says comes as a whole, when the first is through.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

interface Run {
  readonly child: ChildProcess;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  said: string;
}

/** A file of tests is through, so the first fleet is up: at one time both would install packages and make images. */
const firstResult = / \|engine\| /;

const runs: Run[] = [];
let second: Run | null = null;

// A Ctrl-C reaches the two by itself, and each takes its fleet down: this process waits for them.
let isStopped = false;
process.on('SIGINT', () => {
  isStopped = true;
});
process.on('SIGTERM', () => {
  isStopped = true;
  for (const { child } of runs) child.kill('SIGTERM');
});

const first = start('engine', (text) => {
  process.stdout.write(text);
  if (firstResult.test(first.said)) second ??= start('engine-26');
});
const codes = [await first.ended];
if (!isStopped) second ??= start('engine-26');
if (second !== null) codes.push(await second.ended);
process.stdout.write(second?.said ?? '');
process.exitCode = codes.every((code) => code === 0) && !isStopped ? 0 : 1;

function start(project: string, onText?: (text: string) => void): Run {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', project];
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
