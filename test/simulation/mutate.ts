/**
 * Checks the invariants of the simulation by deliberate faults: `npm run simulate:mutations -- --seeds 400`. Each fault of
 * mutations.ts is put into a private copy of the sources, and some seed must break an invariant there. The exit code is 1
 * when none does, when the text of a fault is no longer found, or when the sources without a fault break an invariant.
 */
import { parseArgs } from 'node:util';

import type { Mutation } from './mutations.ts';
import { mutationList } from './mutations.ts';
import type { Run } from './simulation.ts';
import { TreeCopy } from './tree-copy.ts';
import { runInWorkers } from './workers.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '400' },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
    workers: { type: 'string', default: '2' },
  },
});

const from = number(values.from);
const to = from + number(values.seeds) - 1;
/** A faulty tree may well go on for ever; the others end much sooner. */
const patienceMs = 45_000;

using tree = new TreeCopy();
process.exitCode = (await checkAll(chosen())) ? 0 : 1;

async function checkAll(mutations: readonly Mutation[]): Promise<boolean> {
  const stale = mutations.flatMap((mutation) => tree.whyNotApplicable(mutation) ?? []);
  for (const why of stale) say(why);
  if (stale.length > 0) return false;
  const broken = await firstFailure(undefined);
  if (broken !== null) {
    say(`Seed ${broken.seed} breaks an invariant without any fault: ${broken.violation ?? ''}`);
    say(`See it with: npm run simulate -- --seed ${broken.seed} --trace`);
    return false;
  }
  say(`Without a fault all invariants held for the seeds ${from} to ${to}.\n`);
  const width = Math.max(...mutations.map(({ name }) => name.length)) + 2;
  say(`${'fault'.padEnd(width)}${'seed'.padStart(6)}${'tried'.padStart(7)}  invariant`);
  let missed = 0;
  for (const mutation of mutations) {
    const caught = await tree.withMutation(mutation, () => firstFailure(patienceMs));
    if (caught === null) missed += 1;
    say(`${mutation.name.padEnd(width)}${outcome(caught)}`);
  }
  say(`\n${mutations.length - missed} of ${mutations.length} faults were caught.`);
  return missed === 0;
}

function outcome(caught: Run | null): string {
  const tried = caught === null ? to - from + 1 : caught.seed - from + 1;
  const [invariant = ''] = (caught?.violation ?? 'NOT CAUGHT').split(/[:\n]/);
  return `${String(caught?.seed ?? '–').padStart(6)}${String(tried).padStart(7)}  ${invariant}`;
}

/** The run of the lowest seed that breaks an invariant in the tree as it is now; null when none does. */
async function firstFailure(patience: number | undefined): Promise<Run | null> {
  const failed: Run[] = [];
  // Each seed below one that failed has been begun before it, and is brought to its end.
  const seeds = function* (): Generator<number> {
    for (let seed = from; seed <= to && failed.length === 0; seed += 1) yield seed;
  };
  const options = { workers: number(values.workers), script: tree.worker };
  const limited = patience === undefined ? options : { ...options, patienceMs: patience };
  await runInWorkers(seeds(), limited, (run) => {
    if (run.violation !== null) failed.push(run);
  });
  return failed.toSorted((a, b) => a.seed - b.seed)[0] ?? null;
}

function chosen(): readonly Mutation[] {
  const { only } = values;
  if (only === undefined) return mutationList;
  const mutations = mutationList.filter(({ name }) => name.includes(only));
  if (mutations.length > 0) return mutations;
  const names = mutationList.map(({ name }) => `  ${name}`);
  return refuse(`There is no fault "${only}". There are:\n${names.join('\n')}`);
}

function number(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  return refuse(`"${text}" is no whole number above 0`);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
