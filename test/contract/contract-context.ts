import { apiAtLeast } from '../../src/model/api-at-least.ts';
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
