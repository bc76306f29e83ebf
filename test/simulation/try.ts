import { makeScenario } from './scenario.ts';
import { simulate } from './simulation.ts';
const from = Number(process.argv[2] ?? 1),
  to = Number(process.argv[3] ?? from);
const t0 = process.cpuUsage();
let bad = 0;
const kinds = new Map<string, number[]>();
for (let seed = from; seed <= to; seed++) {
  const begin = performance.now();
  try {
    const run = await simulate(makeScenario(seed));
    if (from === to) {
      console.log(run.trace.slice(process.argv[4] ? 0 : -60).join('\n'));
      console.log(run.counts, run.digest.slice(0, 8));
    }
    if (run.violation) {
      bad++;
      const k = run.violation.split(':')[0] ?? '';
      kinds.set(k, [...(kinds.get(k) ?? []), seed]);
      if (bad < 30) console.log(seed, run.violation.slice(0, 200));
    }
    const ms = performance.now() - begin;
    if (ms > 2000) console.log('slow', seed, ms, run.counts.events);
  } catch (e) {
    console.log(seed, 'THROWN', e);
    bad++;
  }
}
const u = process.cpuUsage(t0);
for (const [k, v] of kinds) console.log(v.length, k, v.slice(0, 8).join(' '));
console.log(
  'cpu per seed',
  ((u.user + u.system) / 1000 / (to - from + 1)).toFixed(1),
  'ms; bad',
  bad,
);
