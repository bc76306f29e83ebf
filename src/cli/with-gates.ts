import { systemClock as clock } from '../reconcile/system-clock.ts';
import { Wake } from '../reconcile/wake.ts';
import type { World } from '../rollout/world.ts';
import { GateWatch } from './gate-watch.ts';

/** Long enough for one answer of an instance that is there at all. */
const gatePatienceMs = 1_000;

/** The world, with one answer of each instance on probation. */
export async function withGates(world: World, signal: AbortSignal): Promise<World> {
  const wake = new Wake(clock);
  using gates = new GateWatch(clock, () => wake.call());
  const deadline = clock.now() + gatePatienceMs;
  let seen = gates.see(world);
  while (gates.isAwaiting() && clock.now() < deadline && !signal.aborted) {
    await wake.sleep(deadline - clock.now(), signal);
    seen = gates.see(world);
  }
  return seen;
}
