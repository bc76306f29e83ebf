import type { UpdatePolicy } from '../model/application.ts';
import type { Instance } from '../drift/identify.ts';
import type { ReplaceOrder } from './order.ts';
import { isByHost } from './order.ts';
import { boundsOf } from './shares.ts';
import type { SlotView } from './slot-view.ts';
import { isLeaving, isLive, isVacating } from './slot-view.ts';

/**
 * How much of a service may change at once, by Kubernetes' rules: never more than N + surge live instances, never fewer
 * than N − unavailable available ones. A slot that serves nothing is replaced at no cost, but is counted as unavailable,
 * so that it holds back those that do serve.
 */
export class Budget {
  readonly #bound: number;
  /** The same for one that moves to another host. */
  readonly #moveBound: number;
  readonly #floor: number;
  /** Instances that run in slots that the service no longer has. */
  readonly #surplus: number;
  /** Instances that run, and those that are made and about to. */
  #live: number;
  /** Instances that run. */
  #running: number;
  #available: number;
  /** Slots that are to make room, by what was begun before this operator: they serve still. */
  #vacating: number;

  /**
   * @param slots those of the service that a rollout waits for
   * @param surplus instances of the service in slots that it no longer has
   * @param canaries slots that get the new revision beside the old one, whatever the surge is
   */
  constructor(
    slots: readonly SlotView[],
    policy: UpdatePolicy,
    replaceOrder: ReplaceOrder,
    surplus: readonly Instance[],
    canaries: number,
  ) {
    const { surge, unavailable } = boundsOf(policy, replaceOrder.order, slots.length);
    const moving = isByHost(replaceOrder) ? boundsOf(policy, policy.order, slots.length).surge : 0;
    this.#bound = slots.length + Math.max(surge, canaries);
    this.#moveBound = Math.max(this.#bound, slots.length + moving);
    this.#floor = slots.length - unavailable;
    this.#available = slots.filter((view) => view.available && !isLeaving(view)).length;
    this.#vacating = slots.filter(
      (view) => view.available && view.inFlight === undefined && isVacating(view),
    ).length;
    this.#surplus = surplus.filter(isLive).length;
    this.#running = this.#surplus + sum(slots, (view) => placesOf(view, isStarting(view)));
    this.#live =
      this.#surplus + sum(slots, (view) => placesOf(view, isStarting(view) || isMade(view)));
  }

  /**
   * Takes the place that the replacement of an available slot needs; null when there is none now. Where the manifest
   * allows both, what cannot start beside may still take the place of what is stopped.
   *
   * @param moves to another host, where nothing of this one stands in its way
   */
  take({ order }: ReplaceOrder, moves = false): ReplaceOrder['order'] | null {
    if (order === 'start-first' && this.#live < (moves ? this.#moveBound : this.#bound)) {
      this.#live += 1;
      return 'start-first';
    }
    if (this.#available <= this.#floor) return null;
    this.#available -= 1;
    return 'stop-first';
  }

  /** As `take`, for a slot that had a place and did not make room yet: what has failed since may have taken it. */
  goOn(): 'stop-first' | null {
    if (this.#available + this.#vacating - 1 < this.#floor) return null;
    this.#vacating -= 1;
    return 'stop-first';
  }

  /**
   * Takes the place for the start of an instance that is made already. A commit can lower the bound in between, or a host
   * come back with what could not be seen: then it waits until others have retired. A slot that serves nothing has its
   * place, and does not wait for those that nothing asks for any more, which may wait for it.
   */
  takeStart(view: SlotView): boolean {
    if (!view.available) return this.#running - this.#surplus <= this.#bound;
    if (this.#running >= (isMoving(view) ? this.#moveBound : this.#bound)) return false;
    this.#running += 1;
    return true;
  }
}

/** What it is to take the place of is on another host. */
function isMoving({ host, others }: SlotView): boolean {
  const live = others.filter(isLive);
  return live.length > 0 && live.every(({ container }) => container.host !== host);
}

/** The places that a slot takes. One that serves nothing keeps one: its next instance needs it, whenever it comes. */
function placesOf(view: SlotView, hasNext: boolean): number {
  const { current, others, available } = view;
  const instances = current === null ? others : [current, ...others];
  const taken = instances.filter(isLive).length + (hasNext ? 1 : 0);
  return available ? taken : Math.max(1, taken);
}

function isStarting({ inFlight }: SlotView): boolean {
  return inFlight === 'start-container';
}

function isMade({ phase, inFlight }: SlotView): boolean {
  return phase.kind === 'created' || inFlight === 'create-container';
}

function sum(slots: readonly SlotView[], placesOfSlot: (view: SlotView) => number): number {
  return slots.reduce((total, view) => total + placesOfSlot(view), 0);
}
