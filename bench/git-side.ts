/** Our side of `git.ts`, in a process of its own so that its memory can be told: does what it is told, and says how long it took. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { pino } from 'pino';

import { systemClock } from '../src/reconcile/system-clock.ts';
import type * as OpenSourceModule from '../src/source/open-source.ts';

export interface SideOptions {
  readonly url: string;
  readonly stateDir: string;
}

/** What can be done, each with what was done before. */
export type SideCommand = 'head' | 'read-tree';

export interface SideAnswer {
  readonly ms: number;
  /** Commit of the head, or number of files. */
  readonly result: string;
  readonly peakMiB: number;
  /** The longest time for which nothing else could be done meanwhile. */
  readonly pauseMs: number;
}

const never = new AbortController().signal;
const { url, stateDir } = JSON.parse(process.argv[2] ?? '{}') as SideOptions;
/** What is shipped, since threads cannot run TypeScript. */
const built = new URL('../dist/source/open-source.js', import.meta.url).href;
const { openSource } = (await import(built)) as typeof OpenSourceModule;
const delay = monitorEventLoopDelay({ resolution: 1 });
const source = await openSource({
  repository: url,
  ref: { kind: 'branch', name: 'main' },
  path: '',
  stateDir,
  pollIntervalMs: 3_600_000,
  logger: pino({ level: 'silent' }),
  clock: systemClock,
});

process.on('message', (command: SideCommand) => void answer(command));
process.once('disconnect', () => void source[Symbol.asyncDispose]());

async function answer(command: SideCommand): Promise<void> {
  delay.reset();
  delay.enable();
  const began = performance.now();
  const { commit } = await source.head(never);
  const result = command === 'head' ? commit : String(await readTree(commit));
  const ms = performance.now() - began;
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  delay.disable();
  const pauseMs = delay.max / 1e6;
  process.send?.({ ms, result, peakMiB, pauseMs } satisfies SideAnswer);
}

async function readTree(commit: Parameters<typeof source.tree>[0]): Promise<number> {
  const { entries } = await source.tree(commit, never);
  let files = 0;
  for (const { kind, oid } of entries.values()) {
    if (kind !== 'file') continue;
    await source.read(oid, 1024 ** 2, never);
    files += 1;
  }
  return files;
}
