import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Run } from './simulation.ts';
import { noCounts } from './world.ts';

export interface WorkerOptions {
  readonly workers: number;
  /** The program of a worker: this tree's own one, or that of a copy of it. */
  readonly script?: URL;
  /** How long a run may take, in milliseconds of real time, before it is taken for one that never ends. */
  readonly patienceMs?: number;
}

/** Most take less than a second. */
const longPatienceMs = 120_000;

/**
 * Runs seeds in processes of their own, each as soon as one is free. Gives each run when it is over, in no order. A seed is
 * taken only when it is about to be run, so that an iterable that ends early ends the whole early.
 */
export async function runInWorkers(
  seeds: Iterable<number>,
  options: WorkerOptions,
  onRun: (run: Run) => void,
): Promise<void> {
  const waiting = seeds[Symbol.iterator]();
  const { workers } = options;
  await Promise.all(
    Array.from({ length: Math.max(1, workers) }, () => runWorker(waiting, options, onRun)),
  );
}

async function runWorker(
  waiting: Iterator<number>,
  options: WorkerOptions,
  onRun: (run: Run) => void,
): Promise<void> {
  const endless = await runUntilEndless(waiting, options, onRun);
  if (endless === null) return;
  const violation = 'a run ends: this one goes on for ever';
  onRun({ seed: endless, violation, trace: [], digest: '', counts: noCounts(), effects: 0 });
  return runWorker(waiting, options, onRun);
}

/** Gives the seed that did not end, or null when there are no more seeds. */
function runUntilEndless(
  waiting: Iterator<number>,
  { script = new URL('worker.ts', import.meta.url), patienceMs = longPatienceMs }: WorkerOptions,
  onRun: (run: Run) => void,
): Promise<number | null> {
  const worker = fork(fileURLToPath(script), {
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
  });
  const kill = (): void => void worker.kill('SIGKILL');
  // Whoever ends in between, as by Ctrl-C, leaves nothing behind that runs.
  process.once('exit', kill);
  return new Promise((resolve, reject) => {
    let endless: number | null = null;
    let timer: NodeJS.Timeout | undefined;
    const next = (): void => {
      const { value, done } = waiting.next();
      if (done === true) return worker.disconnect();
      worker.send(value);
      timer = setTimeout(() => {
        endless = value;
        kill();
      }, patienceMs);
    };
    worker.on('message', (message) => {
      clearTimeout(timer);
      onRun(message as Run);
      next();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      clearTimeout(timer);
      process.off('exit', kill);
      if (code === 0 || endless !== null) resolve(endless);
      else reject(new Error(`A worker of the simulation ended with ${code ?? 'a signal'}`));
    });
    next();
  });
}
