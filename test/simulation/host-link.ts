import { EngineError } from '../../src/fleet/engine-error.ts';
import type { ApiRequest, ApiResponse, Pending } from './engine/api.ts';
import { isPending, refusal } from './engine/api.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { SimulatedHost } from './simulated-host.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What may happen to single requests. Probabilities; all 0: a perfect network. */
interface Weather {
  /** One way, in milliseconds. */
  readonly latencyMs: readonly [least: number, most: number];
  /** The engine says 500 and has done nothing. */
  readonly refused: number;
  /** The engine says 500 and has done it. */
  readonly refusedAfter: number;
  /** The connection breaks before the request arrives. */
  readonly broken: number;
  /** The connection breaks after the effect. */
  readonly brokenAfter: number;
  /** The engine did it, and its answer never comes. */
  readonly silent: number;
  /** The call takes seconds. */
  readonly slow: number;
  /** An event is dropped. */
  readonly eventLost: number;
}

const fair: Weather = {
  latencyMs: [0, 2],
  refused: 0,
  refusedAfter: 0,
  broken: 0,
  brokenAfter: 0,
  silent: 0,
  slow: 0,
  eventLost: 0,
};

/** The way between the operator and one engine, as TCP makes it: what is under way in a partition arrives after it. */
export class HostLink {
  weather: Weather = fair;
  readonly #host: SimulatedHost;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  #isPartitioned = false;
  #cuts = 0;
  /** What goes on when the way is free again. */
  #waiting: (() => void)[] = [];
  /** Calls that the engine has not answered yet. */
  readonly #open = new Set<OpenCall>();

  constructor(host: SimulatedHost, clock: VirtualClock, random: Random) {
    this.#host = host;
    this.#clock = clock;
    this.#random = random;
  }

  /** No faults, and this latency. */
  calm(latencyMs: Weather['latencyMs']): void {
    this.weather = { ...fair, latencyMs };
  }

  /** Faults of every kind, each with about this probability, until it is calm again. */
  rage(force: number): void {
    this.weather = {
      latencyMs: [1, 400],
      refused: force / 4,
      refusedAfter: force / 4,
      broken: force / 4,
      brokenAfter: force / 4,
      silent: force / 8,
      slow: force / 8,
      eventLost: force,
    };
  }

  get isCalm(): boolean {
    return !this.#isPartitioned && this.weather.silent === 0;
  }

  get isPartitioned(): boolean {
    return this.#isPartitioned;
  }

  cut(): void {
    this.#isPartitioned = true;
    this.#cuts += 1;
    const cuts = this.#cuts;
    this.#clock.after(givenUpAfterMs, () => {
      if (this.#isPartitioned && this.#cuts === cuts) this.#host.giveUpOn('all');
    });
  }

  heal(): void {
    this.#isPartitioned = false;
    this.resume();
  }

  /** The way is free, or the host is there again: what waited goes on. */
  resume(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) this.#clock.after(0, goOn);
  }

  /** The calls under way break: all of them, or those from before a power cycle. */
  breakCalls(which: Which): void {
    for (const call of this.#open) {
      if (which === 'all' || call.boots < this.#host.boots) call.lose();
    }
  }

  /**
   * @throws EngineError `unreachable` or `lost`
   */
  call(process: Process, request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      const fail = (trouble: 'lost' | 'unreachable', message: string): void => {
        this.#later(request, () =>
          process.deliver(() => reject(new EngineError(trouble, message))),
        );
      };
      const reply = (answer: ApiResponse): void => {
        this.#later(request, () => process.deliver(() => resolve(answer)));
      };
      this.#later(request, () => this.#arrive({ request, process, signal, fail, reply }));
    });
  }

  /** Calls back when nothing is in the way: now, or when the way is free again. */
  whenFree(goOn: () => void): void {
    if (this.#isPartitioned || this.#host.state === 'off') this.#waiting.push(goOn);
    else goOn();
  }

  losesEvent(): boolean {
    return this.#random.chance(this.weather.eventLost);
  }

  eventLatency(): number {
    return Math.max(1, this.#random.integer(...this.weather.latencyMs));
  }

  /** A read on a quick network takes no time, which spares an event. */
  #latency(request: ApiRequest): number {
    const { latencyMs, slow } = this.weather;
    if (slow > 0 && this.#random.chance(slow)) return this.#random.integer(2_000, 25_000);
    const ms = this.#random.integer(...latencyMs);
    return request.method === 'GET' ? ms : Math.max(1, ms);
  }

  #later(request: ApiRequest, then: () => void): void {
    const ms = this.#latency(request);
    if (ms === 0) then();
    else this.#clock.after(ms, then);
  }

  #arrive(call: Call): void {
    const host = this.#host;
    if (this.#isPartitioned || host.state === 'off') {
      this.#waiting.push(() => {
        if (isWanted(call)) this.#arrive(call);
      });
      return;
    }
    if (host.state === 'daemon-down') {
      const message = 'the connection was refused: is dockerd running and listening there?';
      return call.fail('unreachable', message);
    }
    const { refused, broken } = this.weather;
    if (this.#random.chance(refused)) return call.reply(internalError);
    if (this.#random.chance(broken)) return call.fail('lost', reset);
    const answer = host.handle(call.request);
    if (isPending(answer)) this.#await(call, answer);
    else this.#answer(call, answer);
  }

  #await(call: Call, { later, cancel }: Pending): void {
    // A client that is gone closes its connection, which the engine notices unless the way is cut.
    const { process, signal } = call;
    const stop = whenEither(process, signal, () =>
      this.#clock.after(1, () => this.whenFree(cancel)),
    );
    const open: OpenCall = {
      boots: this.#host.boots,
      lose: () => {
        this.#open.delete(open);
        stop();
        call.fail('lost', reset);
      },
    };
    this.#open.add(open);
    const finish = (answer: ApiResponse): void => {
      if (!this.#open.delete(open)) return;
      stop();
      this.#answer(call, answer);
    };
    void later.then(finish);
  }

  #answer(call: Call, answer: ApiResponse): void {
    const { silent, refusedAfter, brokenAfter } = this.weather;
    if (this.#random.chance(silent)) {
      // The connection is dead, and the kernel finds out.
      return void this.#clock.after(givenUpAfterMs, () => call.fail('lost', reset));
    }
    if (this.#random.chance(brokenAfter)) return call.fail('lost', reset);
    if (this.#random.chance(refusedAfter)) return call.reply(internalError);
    const { boots } = this.#host;
    const send = (): void => {
      if (this.#isPartitioned) this.#waiting.push(send);
      else if (this.#host.boots === boots) call.reply(answer);
    };
    send();
  }
}

/** Somebody still waits for the answer. */
function isWanted({ process, signal }: Call): boolean {
  return process.isAlive && !signal.aborted;
}

/** Calls back once, when the process is killed or the signal is aborted. Returns the way to cancel that. */
function whenEither(process: Process, signal: AbortSignal, then: () => void): () => void {
  const stop = (): void => {
    cancel();
    signal.removeEventListener('abort', once);
  };
  const once = (): void => {
    stop();
    then();
  };
  const cancel = process.onKilled(once);
  signal.addEventListener('abort', once, { once: true });
  return stop;
}

/** A connection that is silent for so long is given up: see keepAliveMs in EngineClient. */
export const givenUpAfterMs = 20_000;

interface OpenCall {
  /** Of the host, when it was made. */
  readonly boots: number;
  readonly lose: () => void;
}

/** All connections, or those from before a power cycle. */
export type Which = 'all' | 'old';

interface Call {
  readonly request: ApiRequest;
  readonly process: Process;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly fail: (trouble: 'lost' | 'unreachable', message: string) => void;
  readonly reply: (answer: ApiResponse) => void;
}

const reset = 'Cannot reach the engine: the connection broke (ECONNRESET)';
const internalError = refusal(500, 'error while handling the request: context canceled');
