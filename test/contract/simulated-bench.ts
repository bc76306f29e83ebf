import { Readable } from 'node:stream';

import { negotiateApiVersion } from '../../src/fleet/api-version.ts';
import { eventFilters } from '../../src/fleet/dirty.ts';
import type { DockerHost, EngineRequest } from '../../src/fleet/docker-host.ts';
import { EngineError, isStatus } from '../../src/fleet/engine-error.ts';
import type { WireEvent, WireVersion } from '../../src/fleet/wire.ts';
import type { ApiResponse } from '../simulation/engine/api.ts';
import { isPending } from '../simulation/engine/api.ts';
import { passesFilters } from '../simulation/engine/events.ts';
import { SimulatedRegistry } from '../simulation/engine/registry.ts';
import { SimulatedEngine } from '../simulation/engine/simulated-engine.ts';
import { Random } from '../simulation/random.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';
import type { HostBench } from './host-bench.ts';
import { testappImages } from './testapp-images.ts';

/** Nothing that the contract waits for takes longer. */
const patienceMs = 10 * 60_000;

/** A simulated host whose time passes only while somebody waits. */
export function simulatedBench(apiVersion: '1.41' | '1.45', seed = 1): HostBench {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const random = new Random(seed).next;
  const registry = new SimulatedRegistry();
  const options = { name: 'host-1', clock, skewMs: 0, random, registry, apiVersion };
  const makeEngine = (): SimulatedEngine => {
    const engine = new SimulatedEngine(options);
    engine.registryReachable = false;
    for (const [tag, definition] of testappImages) engine.load(tag, definition);
    return engine;
  };
  let engine = makeEngine();

  const sleep = async (ms: number): Promise<void> => {
    const until = clock.now() + ms;
    while (await clock.step(until));
  };
  const whenUp = async (): Promise<void> => {
    const end = clock.now() + patienceMs;
    while (engine.daemon !== 'up' && (await clock.step(end)));
  };
  const ask = async (request: EngineRequest): Promise<ApiResponse> => {
    const { method = 'GET', path, query = {}, body = {}, archive = null } = request;
    const answer = engine.handle({ method, path, query, body, archive });
    return isPending(answer) ? drive(clock, answer.later) : answer;
  };
  return {
    host: new DirectConnection(ask, apiVersion),
    sleep,
    restartDaemon: async () => {
      engine.killDaemon();
      await sleep(1_000);
      engine.startDaemon();
      await whenUp();
    },
    powerCycle: async () => {
      engine.powerCycle();
      await whenUp();
    },
    killProgram: async (id) => engine.crash(id, 137),
    eventsDuring: async (act) => {
      const events: WireEvent[] = [];
      const unsubscribe = engine.subscribe((event) => {
        if (passesFilters(event, eventFilters)) events.push(event);
      });
      await act();
      await sleep(200);
      unsubscribe();
      return events;
    },
    clear: async () => {
      engine = makeEngine();
    },
  };
}

/** Lets time pass until an answer is there. */
async function drive(clock: VirtualClock, later: Promise<ApiResponse>): Promise<ApiResponse> {
  const end = clock.now() + patienceMs;
  const stepped = async (): Promise<null> => {
    if (await clock.step(end)) return null;
    throw new EngineError('lost', 'the engine never answers');
  };
  for (;;) {
    // The answer comes first when both are there.
    const answer = await Promise.race([later, stepped()]);
    if (answer !== null) return answer;
  }
}

/** The shortest way to a simulated engine: no network, no faults. */
class DirectConnection implements DockerHost {
  readonly apiVersion: string;
  /** Calls go straight to the engine: nothing breaks. */
  readonly breaks = 0;
  readonly #ask: (request: EngineRequest) => Promise<ApiResponse>;

  constructor(ask: (request: EngineRequest) => Promise<ApiResponse>, apiVersion: string) {
    this.#ask = ask;
    this.apiVersion = apiVersion;
  }

  async negotiate(deadlineMs: number, signal: AbortSignal): Promise<WireVersion> {
    const what = 'ask for the version';
    const version = await this.json<WireVersion>({ what, path: '/version', deadlineMs, signal });
    const negotiation = negotiateApiVersion(version);
    if (negotiation.kind === 'agreed') return version;
    throw new EngineError('unreachable', negotiation.reason);
  }

  async json<T>(request: EngineRequest): Promise<T> {
    const { body } = await this.#dial(request);
    if (typeof body === 'object' && body !== null && !Buffer.isBuffer(body)) return body as T;
    throw new EngineError('lost', 'the answer is not whole JSON');
  }

  async send(request: EngineRequest): Promise<void> {
    await this.#dial(request);
  }

  async find<T>(request: EngineRequest): Promise<T | null> {
    try {
      return await this.json<T>(request);
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  async stream(request: EngineRequest): Promise<Readable> {
    const { body } = await this.#dial(request);
    if (Array.isArray(body)) return Readable.from(body.map((one) => `${JSON.stringify(one)}\n`));
    return Readable.from(Buffer.isBuffer(body) && body.length > 0 ? [body] : []);
  }

  close(): void {
    // There is nothing to close.
  }

  async #dial(request: EngineRequest): Promise<ApiResponse> {
    const answer = await this.#ask(request);
    if (answer.status < 400) return answer;
    const { message } = answer.body as { readonly message: string };
    throw new EngineError('status', message.trim(), answer.status);
  }
}
