import { apiAtLeast } from '../../src/model/api-at-least.ts';
import type { WireContainer } from '../../src/fleet/wire.ts';
import type { EngineShell } from './engine-shell.ts';
import type { HostBench } from './host-bench.ts';

/** What the cases have: functions, because both are there only when the tests run. */
export interface ContractContext {
  readonly bench: () => HostBench;
  readonly shell: () => EngineShell;
}

/** What the engines that we know do differently: `old` before API 1.44. */
export function byAge<T>({ shell }: ContractContext, old: T, since: T): T {
  return apiAtLeast(shell().host.apiVersion, '1.44') ? since : old;
}

const check = { Test: ['CMD', 'testapp', 'check'], Interval: 2e8 };

function isHealthy({ State }: WireContainer): boolean {
  return State?.Health?.Status === 'healthy';
}

/**
 * Starts a container whose program is to end by a signal: one that has not come so far as to ask for signals does not get any,
 * and would be killed after its grace.
 */
export async function runUntilItServes(
  context: ContractContext,
  name: string,
  body: object = {},
): Promise<void> {
  const { shell } = context;
  await shell().run(name, { Healthcheck: check, ...body });
  await until(context, () => shell().inspect(name), isHealthy);
}

/** Waits for the first words of a program, which gets signals by then, and gives the log. */
export async function firstWordsOf(context: ContractContext, name: string): Promise<Buffer> {
  const all = { stdout: '1', stderr: '1', tail: '20' };
  return until(
    context,
    () => context.shell().log(name, all),
    (log) => log.length > 0,
  );
}

/** Asks again until it holds; fails with what was seen last. */
export async function until<Seen>(
  { bench }: ContractContext,
  look: () => Promise<Seen>,
  holds: (seen: Seen) => boolean,
  withinMs = 20_000,
): Promise<Seen> {
  for (let waitedMs = 0; ; waitedMs += 50) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (waitedMs >= withinMs) throw new Error(`It did not come about: ${JSON.stringify(seen)}`);
    await bench().sleep(50);
  }
}
