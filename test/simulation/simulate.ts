/**
 * Simulates the whole operator on simulated fleets, one run per seed: `npm run simulate -- --seeds 1000`. A seed that
 * breaks an invariant is printed with its last events and the command that replays it; then the exit code is 1.
 */
import { parseArgs } from 'node:util';

import { makeScenario } from './scenario.ts';
import { simulate } from './simulation.ts';
import { formatCounts, formatFailure, Tally } from './tally.ts';
import { runInWorkers } from './workers.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    workers: { type: 'string', default: '2' },
    trace: { type: 'boolean', default: false },
  },
});

const isOk = values.seed === undefined ? await runMany() : await runOne(number(values.seed));
process.exitCode = isOk ? 0 : 1;

async function runOne(seed: number): Promise<boolean> {
  const run = await simulate(makeScenario(seed));
  if (values.trace) say(run.trace.join('\n'));
  else if (run.violation !== null) say(formatFailure(run));
  say(`seed ${seed}: ${run.violation ?? 'all invariants held'} (trace ${run.digest.slice(0, 12)})`);
  return run.violation === null;
}

async function runMany(): Promise<boolean> {
  const from = number(values.from);
  const count = number(values.seeds);
  const seeds = Array.from({ length: count }, (_, index) => from + index);
  const tally = new Tally();
  const began = performance.now();
  await runInWorkers(seeds, { workers: number(values.workers) }, (run) => {
    tally.add(run);
    if (run.violation !== null) say(`${clearLine()}${formatFailure(run)}\n`);
    if (process.stdout.isTTY) process.stdout.write(`${clearLine()}${tally.runs} of ${count} seeds`);
  });
  say(`${clearLine()}${formatCounts(tally, performance.now() - began)}`);
  return tally.failed.length === 0;
}

function number(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`"${text}" is no whole number\n`);
  process.exit(2);
}

function clearLine(): string {
  return process.stdout.isTTY ? '\r\u001b[K' : '';
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
