import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Run } from './simulation.ts';

/** Runs seeds in processes of their own, each as soon as one is free. Gives each run when it is over, in no order. */
export async function runInWorkers(
  seeds: readonly number[],
  workers: number,
  onRun: (run: Run) => void,
): Promise<void> {
  const waiting = seeds.values();
  await Promise.all(Array.from({ length: Math.max(1, workers) }, () => runWorker(waiting, onRun)));
}

function runWorker(waiting: IterableIterator<number>, onRun: (run: Run) => void): Promise<void> {
  const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)));
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const { value, done } = waiting.next();
      if (done === true) worker.disconnect();
      else worker.send(value);
    };
    worker.on('message', (message) => {
      onRun(message as Run);
      next();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`A worker of the simulation ended with ${code ?? 'a signal'}`));
    });
    next();
  });
}
