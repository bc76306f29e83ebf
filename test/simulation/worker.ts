/** Simulates the seeds that it is sent, one after the other. */
import { makeScenario } from './scenario.ts';
import { simulate } from './simulation.ts';

process.on('message', (seed: number) => void answer(seed));

/** The trace is only wanted when something is wrong. */
async function answer(seed: number): Promise<void> {
  const run = await simulate(makeScenario(seed));
  process.send?.({ ...run, trace: run.violation === null ? [] : run.trace });
}
