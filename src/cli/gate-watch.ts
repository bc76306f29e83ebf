import type { Clock } from '../model/clock.ts';
import type { ReadinessMap } from '../model/readiness.ts';
import { probeTarget } from '../reconcile/probe.ts';
import { probeTargets } from '../reconcile/probe-targets.ts';
import { Prober } from '../reconcile/prober.ts';
import { trackReadiness } from '../rollout/gate.ts';
import { watchedContainers } from '../rollout/watched.ts';
import type { World } from '../rollout/world.ts';

/**
 * What the gates of instances on probation say, seen from a command that runs beside the operator: it probes them itself,
 * as the operator does, since nothing of that is written down.
 */
export class GateWatch implements Disposable {
  readonly #prober: Prober;
  #readiness: ReadinessMap = new Map();
  #awaited = 0;

  /** @param onChange called when an answer differs from the one before it */
  constructor(clock: Clock, onChange: () => void) {
    this.#prober = new Prober({ onChange, clock, probe: probeTarget });
  }

  /** The world with what is known of its gates by now. */
  see(world: World): World {
    const watched = watchedContainers(world);
    const targets = probeTargets(watched, world.desired.fleet);
    this.#prober.watch(targets);
    const results = this.#prober.results();
    this.#awaited = targets.filter(({ container }) => !results.has(container)).length;
    this.#readiness = trackReadiness(this.#readiness, watched, results, world.now);
    return { ...world, readiness: this.#readiness };
  }

  /** Whether some instance that was seen has not answered its first probe yet. */
  isAwaiting(): boolean {
    return this.#awaited > 0;
  }

  [Symbol.dispose](): void {
    this.#prober[Symbol.dispose]();
  }
}
