import type { WireEvent } from '../../../src/fleet/wire.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { ApiRequest, ApiResponse, Pending } from './api.ts';
import { isPending, pending } from './api.ts';
import type { PortAnswer } from './behaviour.ts';
import { answerOf } from './behaviour.ts';
import type { Container } from './container.ts';
import { elapsedOf } from './container.ts';
import { wholeLog } from './container-log.ts';
import { killDaemon, powerOff, startDaemon } from './daemon.ts';
import { dispatch } from './dispatch.ts';
import type { EngineState, Timing } from './engine-state.ts';
import { between, changed, later, newId, usualTiming } from './engine-state.ts';
import { findContainer } from './find-container.ts';
import { addImage } from './images.ts';
import { endByItself } from './lifecycle.ts';
import { Person } from './person.ts';
import { PortTable } from './ports.ts';
import type { ImageDefinition, SimulatedRegistry } from './registry.ts';
import { toImage } from './registry.ts';
import type { EngineTruth } from './truth.ts';
import { truthOf } from './truth.ts';

export interface EngineOptions {
  readonly name: string;
  /** Real time, on which everything happens. */
  readonly clock: Clock;
  /** How far the clock of this host is ahead of it. */
  readonly skewMs: number;
  /** From 0 to 1: ids, durations, and who wins a race. */
  readonly random: () => number;
  readonly registry: SimulatedRegistry;
  /** Whether somebody listens at an address of the network and a port; default: wherever it is asked. */
  readonly isThere?: (address: string, port: number) => boolean;
  readonly apiVersion?: '1.41' | '1.45';
  readonly timing?: Partial<Timing>;
}

/**
 * A Docker Engine and its host, in memory, as operators know them: what it answers, in which words, and what happens when
 * nobody asks. It was measured on engine 20.10 and is held to that by the contract suite. All of it is a function of the
 * clock, the requests and the random numbers.
 */
export class SimulatedEngine {
  /** What a human does behind the operator's back. */
  readonly person: Person;
  readonly #state: EngineState;
  #truth: EngineTruth | null = null;
  #truthOf = -1;

  constructor(options: EngineOptions) {
    const { name, clock, skewMs, random, registry, apiVersion = '1.41', timing = {} } = options;
    const { isThere = () => true } = options;
    const state: EngineState = {
      name,
      engineId: '',
      clock,
      skewMs,
      random,
      registry,
      isThere,
      apiVersion,
      timing: { ...usualTiming, ...timing },
      containers: new Map(),
      names: new Map(),
      execs: new Map(),
      networks: new Map(),
      volumes: new Map(),
      images: new Map(),
      ports: new PortTable(),
      hostPaths: new Set(['/', '/etc', '/tmp', '/srv', '/var/log', '/var/run/docker.sock']),
      listeners: new Set(),
      told: [],
      tellings: 0,
      mutationHooks: new Set(),
      daemon: 'up',
      run: 0,
      waiting: [],
      diskFull: false,
      registryReachable: true,
      mutations: 0,
      revision: 0,
    };
    this.#state = Object.assign(state, { engineId: newId(state).slice(0, 32).toUpperCase() });
    addBuiltInNetworks(state);
    this.person = new Person(state);
  }

  /** Whether the daemon answers. While it starts it takes requests and answers them later; while it is down, never. */
  get daemon(): EngineState['daemon'] {
    return this.#state.daemon;
  }

  /** Requests that have had an effect. */
  get mutations(): number {
    return this.#state.mutations;
  }

  /** Goes up with everything that can be seen from outside: while it stays, truth() says the same. */
  get revision(): number {
    return this.#state.revision;
  }

  get diskFull(): boolean {
    return this.#state.diskFull;
  }

  set diskFull(isFull: boolean) {
    this.#state.diskFull = isFull;
  }

  get registryReachable(): boolean {
    return this.#state.registryReachable;
  }

  set registryReachable(isReachable: boolean) {
    this.#state.registryReachable = isReachable;
  }

  /** Folders and files of the host that can be mounted. */
  get hostPaths(): Set<string> {
    return this.#state.hostPaths;
  }

  handle(request: ApiRequest): ApiResponse | Pending {
    const state = this.#state;
    if (state.daemon === 'up') return dispatch(state, request);
    return pending((reply) => {
      if (state.daemon === 'down') return null;
      state.waiting.push(() => {
        const answer = dispatch(state, request);
        if (isPending(answer)) void answer.later.then(reply);
        else reply(answer);
      });
      return null;
    });
  }

  /** Events from now on, each in the moment in which it happens. A daemon that is not up tells of none. */
  subscribe(listener: (event: WireEvent) => void): () => void {
    this.#state.listeners.add(listener);
    return () => this.#state.listeners.delete(listener);
  }

  /** Calls back right after each effect of a request, before it is answered. */
  onMutation(callback: (what: string) => void): () => void {
    this.#state.mutationHooks.add(callback);
    return () => this.#state.mutationHooks.delete(callback);
  }

  /** The whole log of a container, in frames. */
  logs(id: string): Buffer {
    return wholeLog(this.#find(id));
  }

  /** Puts an image on the host that came by no pull. */
  load(reference: string, definition: ImageDefinition): void {
    addImage(this.#state, toImage(reference, definition), reference);
  }

  /** dockerd is killed. Programs and their ports go on until it is started again. */
  killDaemon(): void {
    killDaemon(this.#state);
  }

  startDaemon(): void {
    startDaemon(this.#state);
  }

  powerOff(): void {
    powerOff(this.#state);
  }

  /** Boots the host: the same as startDaemon(), since nothing has survived. */
  powerOn(): void {
    startDaemon(this.#state);
  }

  /** Power loss and boot, which takes its time. */
  powerCycle(): void {
    powerOff(this.#state);
    const state = this.#state;
    later(state, between(state, state.timing.reboot), () => startDaemon(state));
  }

  /** The program of a container ends by itself. */
  crash(id: string, exitCode: number): void {
    const line = `crashes with ${exitCode}`;
    endByItself(this.#state, this.#find(id), { exitCode, isOutOfMemory: false, line });
  }

  /** The kernel kills the program of a container for its memory. */
  oom(id: string): void {
    endByItself(this.#state, this.#find(id), { exitCode: 137, isOutOfMemory: true, line: '' });
  }

  /** A command in a container; null: there is none with this id. */
  commandOf(id: string): { readonly container: string; readonly words: readonly string[] } | null {
    const exec = this.#state.execs.get(id);
    return exec === undefined ? null : { container: exec.container.id, words: exec.command };
  }

  /** A proxy takes no line for so long, or answers late. */
  troubleProxy(id: string, trouble: 'silent' | 'late', ms: number): void {
    const haproxy = this.#find(id).program?.haproxy ?? null;
    if (haproxy !== null) haproxy[`${trouble}Until`] = this.#state.clock.now() + ms;
  }

  /** What answers on a published port of the host now. */
  probe(port: number): PortAnswer {
    for (const container of this.#state.containers.values()) {
      const { program } = container;
      if (program === null || !container.open.some(({ hostPort }) => hostPort === port)) continue;
      if (program.pausedAt !== null) return 'timeout';
      return answerOf(program.behaviour, elapsedOf(program, this.#state.clock.now()));
    }
    return 'refused';
  }

  /** What is the case. The same object while nothing has changed. */
  truth(): EngineTruth {
    const { revision } = this.#state;
    if (this.#truth === null || this.#truthOf !== revision) {
      this.#truth = truthOf(this.#state);
      this.#truthOf = revision;
    }
    return this.#truth;
  }

  #find(id: string): Container {
    const container = findContainer(this.#state, id);
    if (container === null) throw new Error(`host "${this.#state.name}" has no container "${id}"`);
    return container;
  }
}

function addBuiltInNetworks(state: EngineState): void {
  const drivers = { bridge: 'bridge', host: 'host', none: 'null' } as const;
  for (const [name, driver] of Object.entries(drivers)) {
    const id = newId(state);
    const createdAt = state.clock.now();
    const network = { id, name, driver, internal: false, createdAt, labels: {}, options: {} };
    state.networks.set(id, network);
  }
  changed(state);
}
