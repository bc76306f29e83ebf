import type { Instance } from '../drift/identify.ts';
import type { ServiceViews } from './application-context.ts';
import { hasFailed } from './fail-slot.ts';
import type { ReplaceOrder } from './order.ts';
import type { SlotView } from './slot-view.ts';
import { isLive } from './slot-view.ts';

/**
 * How much of a service may change at once, by Kubernetes' rules with `parallelism` for both bounds: start-first never
 * has more than N + parallelism live instances, stop-first never fewer than N − parallelism available ones. A slot that
 * serves nothing is replaced at no cost, but is counted as unavailable, so that it holds back those that do serve.
 */
export class Budget {
  readonly #bound: number;
  readonly #floor: number;
  /** Instances that run, and those that are made and about to. */
  #live: number;
  /** Instances that run. */
  #running: number;
  #available: number;

  /** @param surplus instances of the service in slots that it no longer has */
  constructor({ service, slots }: ServiceViews, surplus: readonly Instance[]) {
    const parallelism = service.update.parallelism;
    const atOnce = parallelism === 0 ? Math.max(1, slots.length) : parallelism;
    this.#bound = slots.length + atOnce;
    this.#floor = slots.length - atOnce;
    this.#available = slots.filter((view) => view.available).length;
    // Where the manifest lets a rollout go on over failures, they must not keep the places of others.
    const { failureAction, maxFailureRatio } = service.update;
    const goesOn = failureAction === 'continue' || maxFailureRatio > 0;
    const counted = goesOn ? slots.filter((view) => !hasFailed(view)) : slots;
    const instances = [...counted.flatMap(instancesOf), ...surplus];
    const starting = slots.filter(({ inFlight }) => inFlight === 'start-container').length;
    const made = slots.filter(
      ({ phase, inFlight }) => phase.kind === 'created' || inFlight === 'create-container',
    ).length;
    this.#running = instances.filter(isLive).length + starting;
    this.#live = instances.filter(isLive).length + made;
  }

  /** Takes the place for an instance in a slot that serves nothing. It is never refused, but it is counted. */
  takeFree(): void {
    this.#live += 1;
  }

  /** Takes the place that the replacement of an available slot needs; false when there is none now. */
  take({ order }: ReplaceOrder): boolean {
    if (order === 'start-first') {
      if (this.#live >= this.#bound) return false;
      this.#live += 1;
      return true;
    }
    if (this.#available <= this.#floor) return false;
    this.#available -= 1;
    return true;
  }

  /**
   * Takes the place for the start of an instance that is made already. A commit can lower the bound in between: then
   * those in slots that serve anyway wait until others have retired.
   */
  takeStart(view: SlotView): boolean {
    if (view.available && this.#running >= this.#bound) return false;
    this.#running += 1;
    return true;
  }
}

function instancesOf({ current, others }: SlotView): readonly Instance[] {
  return current === null ? others : [current, ...others];
}
