/** Simulates the seeds that it is sent, one after the other. */
import { makeScenario } from './scenario.ts';
import { simulate } from './simulation.ts';

process.on('message', (seed: number) => {
  void simulate(makeScenario(seed)).then((run) => {
    const { violation, trace } = run;
    process.send?.({ ...run, trace: violation === null ? [] : trace });
  });
});
