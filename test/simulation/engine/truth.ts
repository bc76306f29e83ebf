import { answerOf } from './behaviour.ts';
import type { Actor, Container, ContainerStatus, OpenPort } from './container.ts';
import { elapsedOf, statusOf } from './container.ts';
import type { EngineState } from './engine-state.ts';
import type { Haproxy } from './haproxy.ts';

/** What is the case on a host, whatever anybody was told. */
export interface EngineTruth {
  readonly daemon: EngineState['daemon'];
  /** The oldest first. */
  readonly containers: readonly ContainerTruth[];
  readonly networks: readonly ObjectTruth[];
  readonly volumes: readonly ObjectTruth[];
  readonly images: readonly ImageTruth[];
}

export interface ObjectTruth {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageTruth {
  readonly id: string;
  readonly tags: ReadonlySet<string>;
  readonly digests: ReadonlySet<string>;
}

export interface ContainerTruth extends ObjectTruth {
  readonly id: string;
  /** As the daemon has it written down; `exited` as soon as the program is gone, daemon or not. */
  readonly status: ContainerStatus;
  /** A program runs and is not paused. */
  readonly isRunning: boolean;
  /** It would answer a request now. */
  readonly isReady: boolean;
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** Name of its policy; empty is `no`. */
  readonly restart: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** As it was asked for. */
  readonly image: string;
  readonly imageId: string;
  readonly exitCode: number;
  readonly error: string;
  readonly restartCount: number;
  readonly open: readonly OpenPort[];
  /** What the program knows, when it is a proxy that runs. */
  readonly haproxy: Haproxy | null;
  readonly files: readonly string[];
  /** What its program has read of the files that are mounted, by path. */
  readonly loaded: ReadonlyMap<string, Buffer>;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly createdBy: Actor;
  readonly startedBy: Actor | null;
  /** Null while it runs. */
  readonly endedBy: Actor | null;
}

export function truthOf(state: EngineState): EngineTruth {
  const now = state.clock.now();
  return {
    daemon: state.daemon,
    containers: [...state.containers.values()].map((container) => containerTruth(container, now)),
    networks: [...state.networks.values()],
    volumes: [...state.volumes.values()].map(({ name, labels }) => ({
      name,
      labels: labels ?? {},
    })),
    images: [...state.images].map(([id, { tags, digests }]) => ({ id, tags, digests })),
  };
}

function containerTruth(container: Container, now: number): ContainerTruth {
  const { program, hostConfig, config } = container;
  const isRunning = program !== null && program.pausedAt === null;
  const status = statusOf(container);
  const isGone = program === null && container.isRunning && !container.isRestarting;
  return {
    id: container.id,
    name: container.name,
    labels: config.Labels,
    status: isGone ? 'exited' : status,
    isRunning,
    isReady: isRunning && answerOf(program.behaviour, elapsedOf(program, now)) === 'ok',
    health: container.health?.status ?? 'none',
    restart: hostConfig.RestartPolicy.Name || 'no',
    image: config.Image,
    imageId: container.image.id,
    exitCode: container.exitCode,
    error: container.error,
    restartCount: container.restartCount,
    open: container.open,
    haproxy: program?.haproxy ?? null,
    files: [...container.files.keys()],
    loaded: container.loaded,
    createdAt: container.createdAt,
    startedAt: container.startedAt,
    finishedAt: container.finishedAt,
    createdBy: container.createdBy,
    startedBy: container.startedBy,
    endedBy: container.endedBy,
  };
}
