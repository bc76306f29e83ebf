import type { ApiRequest, ApiResponse, Pending } from './engine/api.ts';
import type { SimulatedEngine } from './engine/simulated-engine.ts';
import type { Which } from './host-link.ts';
import { givenUpAfterMs, HostLink } from './host-link.ts';
import type { Random } from './random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Who reads the event stream of a host. */
interface Follower {
  readonly onEvent: (event: object) => void;
  /** Power cycles of the host before it. */
  readonly boots: number;
  /** The other end has closed the connection. */
  readonly onClosed: () => void;
  /** Nobody is at the other end. */
  readonly onGivenUp: () => void;
}

/** One machine with a Docker Engine, and the way to it. */
export class SimulatedHost {
  readonly name: string;
  readonly address: string;
  readonly clock: VirtualClock;
  readonly link: HostLink;
  readonly engine: SimulatedEngine;
  /** Called with each request that arrives, before it is answered. */
  onRequest: (request: ApiRequest) => void = () => {};
  #state: 'up' | 'daemon-down' | 'off' = 'up';
  #boots = 0;
  readonly #followers = new Set<Follower>();

  constructor(
    name: string,
    address: string,
    engine: SimulatedEngine,
    clock: VirtualClock,
    random: Random,
  ) {
    this.name = name;
    this.address = address;
    this.engine = engine;
    this.clock = clock;
    this.link = new HostLink(this, clock, random);
  }

  get state(): 'up' | 'daemon-down' | 'off' {
    return this.#state;
  }

  /** Power cycles so far: what was connected before one is not connected any more, and may not know it. */
  get boots(): number {
    return this.#boots;
  }

  /** The operator could reach it now. */
  get isReachable(): boolean {
    return this.#state === 'up' && !this.link.isPartitioned;
  }

  handle(request: ApiRequest): ApiResponse | Pending {
    this.onRequest(request);
    return this.engine.handle(request);
  }

  follow(follower: Follower): () => void {
    const unsubscribe = this.engine.subscribe(follower.onEvent);
    this.#followers.add(follower);
    return () => {
      unsubscribe();
      this.#followers.delete(follower);
    };
  }

  killDaemon(): void {
    if (this.#state !== 'up') return;
    this.#state = 'daemon-down';
    this.engine.killDaemon();
    this.link.breakCalls('all');
    for (const follower of this.#followers) follower.onClosed();
  }

  startDaemon(): void {
    if (this.#state !== 'daemon-down') return;
    this.#state = 'up';
    this.engine.startDaemon();
  }

  /** The power fails: whoever is connected hears nothing, not even that it is over. */
  powerOff(): void {
    if (this.#state === 'off') return;
    this.engine.powerOff();
    this.#state = 'off';
    this.#boots += 1;
    // Up again or not, it knows nothing of the connections of before.
    this.clock.after(givenUpAfterMs, () => this.giveUpOn('old'));
  }

  powerOn(): void {
    if (this.#state !== 'off') return;
    this.#state = 'up';
    this.engine.powerOn();
    this.link.resume();
  }

  /** The operator's side of connections learns that there is nobody at the other end. */
  giveUpOn(which: Which): void {
    this.link.breakCalls(which);
    for (const follower of this.#followers) {
      if (which === 'all' || follower.boots < this.#boots) follower.onGivenUp();
    }
  }
}
