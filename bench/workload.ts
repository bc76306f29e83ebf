import { setTimeout as sleep } from 'node:timers/promises';

import type Docker from 'dockerode';

import type { SandboxHost } from '../src/sandbox/sandbox-host.ts';
import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import type { EngineCall } from './engine-calls.ts';
import { awaitRest } from './machine.ts';
import type { StepRecord } from './step-log.ts';

/**
 * What every side waits for before it counts a replica. `healthcheck`: the engine's own, the same in every container, so
 * that all sides can see it. `probe`: the operator's HTTP request, for the sides that can make one; the others wait for
 * nothing but the start.
 */
export interface WorkloadGate {
  readonly kind: 'healthcheck' | 'probe';
  readonly intervalMs: number;
}

/** The update that every side makes: all replicas from one image to the other, on one engine. */
export interface Workload {
  readonly replicas: number;
  readonly gate: WorkloadGate;
}

export const images = { before: 'testapp:v1', after: 'testapp:v2' } as const;
export const port = 8080;

/** Where a side works. Each finds the engine empty, and leaves it so. */
export interface Ground {
  readonly host: SandboxHost;
  readonly credentials: string;
  /** An empty folder. */
  readonly dir: string;
  readonly workload: Workload;
  readonly signal: AbortSignal;
}

/** One rolling update. */
export interface Roll {
  /** Until the command or the function said that it is done, in milliseconds. */
  readonly returnedMs: number;
  /** Until every replica was of the new version and healthy, and none of the old one ran any more. Never less than `returnedMs`. */
  readonly reachedMs: number;
  /** How many cores were busy just before; the rest of the machine may go on during the measurement. */
  readonly busyBefore: number;
  /** Null for a side that does not run in this process. */
  readonly trace: Trace | null;
}

export interface Trace {
  /** Times as performance.now() gives them. */
  readonly begin: number;
  readonly end: number;
  readonly calls: readonly EngineCall[];
  /** Empty for the bare sequence. */
  readonly steps: readonly StepRecord[];
}

/** The engine's HEALTHCHECK in the words of its API; undefined when the workload has none. */
export function healthcheckBody({
  gate,
}: Workload): { Test: string[]; Interval: number; Timeout: number; Retries: number } | undefined {
  if (gate.kind !== 'healthcheck') return undefined;
  const second = 1e9;
  return {
    Test: ['CMD', 'testapp', 'check', '/ready'],
    Interval: gate.intervalMs * 1e6,
    Timeout: 5 * second,
    Retries: 3,
  };
}

/** The same in the words of Compose, as a part of a service. */
export function healthcheckYaml({ gate }: Workload): object {
  if (gate.kind !== 'healthcheck') return {};
  return {
    healthcheck: {
      test: ['CMD', 'testapp', 'check', '/ready'],
      interval: `${gate.intervalMs}ms`,
      timeout: '5s',
      retries: 3,
    },
  };
}

/**
 * Waits until the old version is there and the machine has come to rest, runs `work`, and then looks at the engine until the
 * update is really through.
 */
export async function timeRoll(ground: Ground, work: () => Promise<Trace | null>): Promise<Roll> {
  const { host, workload, signal } = ground;
  const engine = connectEngine(host);
  await untilReached(engine, workload, images.before, signal);
  const busyBefore = await awaitRest(restingCores(workload), signal);
  const begin = performance.now();
  const trace = await work();
  const returnedMs = performance.now() - begin;
  if (await isReached(engine, workload, images.after)) {
    return { returnedMs, reachedMs: returnedMs, busyBefore, trace };
  }
  await untilReached(engine, workload, images.after, signal);
  return { returnedMs, reachedMs: performance.now() - begin, busyBefore, trace };
}

/** What the workload itself needs while nothing happens, generously. */
function restingCores({ replicas, gate }: Workload): number {
  const checkMs = 60;
  return gate.kind === 'probe' ? 0.25 : 0.25 + (replicas * checkMs) / gate.intervalMs;
}

const lookMs = 25;
const patienceMs = 120_000;

async function untilReached(
  engine: Docker,
  workload: Workload,
  image: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isReached(engine, workload, image))) {
    signal.throwIfAborted();
    if (performance.now() > deadline) {
      throw new Error(`Not all replicas of ${image} are up after ${patienceMs / 1000} s`);
    }
    await sleep(lookMs, null, { signal });
  }
}

async function isReached(
  engine: Docker,
  { replicas, gate }: Workload,
  image: string,
): Promise<boolean> {
  const running = await engine.listContainers();
  const isWanted = ({ Image, Status }: Docker.ContainerInfo): boolean =>
    Image === image && (gate.kind === 'probe' || Status.includes('(healthy)'));
  return running.length === replicas && running.every(isWanted);
}
