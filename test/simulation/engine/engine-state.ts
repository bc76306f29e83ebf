import type { WireEvent } from '../../../src/fleet/wire.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { Container } from './container.ts';
import type { Exec } from './exec.ts';
import type { PortTable } from './ports.ts';
import type { SimulatedImage, SimulatedRegistry } from './registry.ts';

/** How long things take, in milliseconds: from the least to the most. */
export interface Timing {
  readonly start: readonly [number, number];
  readonly remove: readonly [number, number];
  readonly network: readonly [number, number];
  readonly pull: readonly [number, number];
  readonly daemonStart: readonly [number, number];
  readonly reboot: readonly [number, number];
}

/** As measured on a quiet host, up to what a busy one takes. */
export const usualTiming: Timing = {
  start: [150, 400],
  remove: [3, 40],
  network: [20, 60],
  pull: [200, 5_000],
  daemonStart: [400, 1_500],
  reboot: [10_000, 60_000],
};

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

export interface Volume {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly options: Readonly<Record<string, string>> | null;
  readonly createdAt: number;
  readonly isAnonymous: boolean;
  /** By path in it. */
  readonly files: Map<string, Buffer>;
}

/** An image on a host, with the names that it has there now. */
export interface LocalImage {
  readonly image: SimulatedImage;
  readonly tags: Set<string>;
  readonly digests: Set<string>;
}

/** One engine and the machine that it runs on. */
export interface EngineState {
  readonly name: string;
  /** `ID` of the engine. */
  readonly engineId: string;
  readonly clock: Clock;
  readonly skewMs: number;
  readonly random: () => number;
  readonly registry: SimulatedRegistry;
  /** Whether somebody listens at an address of the network and a port. */
  readonly isThere: (address: string, port: number) => boolean;
  readonly apiVersion: '1.41' | '1.45';
  readonly timing: Timing;
  /** By id, the oldest first. */
  readonly containers: Map<string, Container>;
  readonly names: Map<string, Container>;
  /** Commands in containers, by id. */
  readonly execs: Map<string, Exec>;
  readonly networks: Map<string, Network>;
  readonly volumes: Map<string, Volume>;
  /** By id. */
  readonly images: Map<string, LocalImage>;
  ports: PortTable;
  /** Folders and files of the host that can be mounted. */
  readonly hostPaths: Set<string>;
  readonly listeners: Set<(event: WireEvent) => void>;
  /** The last events, the oldest first: for those who ask what they missed. */
  told: WireEvent[];
  /** Events so far. */
  tellings: number;
  readonly mutationHooks: Set<(what: string) => void>;
  daemon: 'up' | 'starting' | 'down';
  /** Runs of the daemon so far: what a former run had in mind never happens. */
  run: number;
  /** Requests that came while the daemon was starting. */
  waiting: (() => void)[];
  diskFull: boolean;
  registryReachable: boolean;
  mutations: number;
  /** Goes up with everything that can be seen from outside. */
  revision: number;
}

/** Calls back after `ms`, unless the daemon dies before. */
export function later(state: EngineState, ms: number, callback: () => void): () => void {
  const { run } = state;
  return state.clock.after(ms, () => {
    if (state.run === run) callback();
  });
}

/** A number of milliseconds between two. */
export function between(state: EngineState, [least, most]: readonly [number, number]): number {
  return Math.round(least + state.random() * (most - least));
}

/** A request had an effect: the world may have a look before anybody is told. */
export function mutated(state: EngineState, what: string): void {
  state.mutations += 1;
  for (const hook of state.mutationHooks) hook(what);
}

/** Something changed that can be seen from outside. */
export function changed(state: EngineState): void {
  state.revision += 1;
}

/** 64 hexadecimal digits. */
export function newId(state: EngineState): string {
  let id = '';
  while (id.length < 64) {
    id += Math.floor(state.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  }
  return id;
}

/** A moment as the host writes it down, whose clock may be off. Go's zero time is never. */
export function stamp(state: EngineState, at: number | null): string {
  return at === null
    ? '0001-01-01T00:00:00Z'
    : `${new Date(at + state.skewMs).toISOString().slice(0, -1)}000000Z`;
}
