/** Builders for the model: each takes the facts that matter and fills in the rest. */
import type {
  ApplicationSpec,
  Gate,
  ServiceSpec,
  UpdatePolicy,
} from '../../src/model/application.ts';
import type { ContainerSpec } from '../../src/model/container.ts';
import type { DesiredState } from '../../src/model/desired.ts';
import type { HostSpec } from '../../src/model/fleet.ts';
import { hashContainer } from '../../src/model/hash.ts';
import { emptyJournal } from '../../src/model/journal-state.ts';
import { reduceJournal } from '../../src/model/journal-reduce.ts';
import type { HostName } from '../../src/model/names.ts';
import { toCommitSha, toHostName } from '../../src/model/names.ts';
import type { HostObservation, ImageDefaults, ReachableHost } from '../../src/model/observation.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { World } from '../../src/rollout/world.ts';

export const origin = { file: 'apps/shop/compose.yaml', line: 1, column: 1 };

export function aCommit(seed: string | number): ReturnType<typeof toCommitSha> {
  return toCommitSha(String(seed).padStart(40, '0'));
}

export function aRevision(seed: string | number = 1): Revision {
  return { branch: 'main', commit: aCommit(seed), author: 'Ada', date: 0, subject: 'change' };
}

export function aContainer(facts: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    image: 'testapp:v1',
    command: null,
    entrypoint: null,
    environment: {},
    labels: {},
    user: null,
    workingDir: null,
    hostname: null,
    init: null,
    readOnly: false,
    capAdd: [],
    capDrop: [],
    securityOpt: [],
    healthcheck: null,
    ports: [],
    expose: [],
    mounts: [],
    networks: [],
    files: [],
    stopSignal: null,
    stopGraceMs: null,
    resources: { memoryBytes: null, memoryReservationBytes: null, nanoCpus: null, pids: null },
    restart: { name: 'unless-stopped', maximumRetryCount: 0 },
    ...facts,
  };
}

export interface ServiceFacts extends Partial<Omit<ServiceSpec, 'container' | 'update' | 'gate'>> {
  readonly container?: Partial<ContainerSpec>;
  readonly update?: Partial<UpdatePolicy>;
  readonly gate?: Partial<Gate>;
}

export function aService(facts: ServiceFacts = {}): ServiceSpec {
  const container = aContainer(facts.container);
  const gate: Gate = {
    probe: null,
    minHealthyTimeMs: 1_000,
    healthyDeadlineMs: 60_000,
    ...facts.gate,
  };
  return {
    name: 'web',
    hash: hashContainer(container, gate),
    mode: 'replicated',
    replicas: 1,
    constraints: [],
    dependsOn: [],
    origins: { '': origin },
    ...facts,
    container,
    gate,
    update: {
      order: 'start-first',
      parallelism: 1,
      delayMs: 0,
      monitorMs: 5_000,
      failureAction: 'rollback',
      maxFailureRatio: 0,
      ...facts.update,
    },
  };
}

export function anApplication(
  services: readonly ServiceSpec[],
  facts: Partial<ApplicationSpec> = {},
): ApplicationSpec {
  const name = facts.name ?? 'shop';
  return {
    name,
    file: `apps/${name}/compose.yaml`,
    origin,
    services,
    networks: [],
    volumes: [],
    ...facts,
  };
}

export function aHost(name: string, facts: Partial<HostSpec> = {}): HostSpec {
  return {
    name: toHostName(name),
    endpoint: { kind: 'unix', path: `/run/${name}.sock` },
    address: '127.0.0.1',
    labels: {},
    origins: {},
    ...facts,
  };
}

export const noDefaults: ImageDefaults = {
  command: null,
  entrypoint: null,
  environment: {},
  labels: {},
  user: '',
  workingDir: '',
  healthcheck: null,
  expose: [],
  volumes: [],
  stopSignal: '',
};

/** A host that answers, with `testapp:v1` to `testapp:v3` on it. */
export function aReachableHost(name: string, facts: Partial<ReachableHost> = {}): ReachableHost {
  return {
    kind: 'reachable',
    host: toHostName(name),
    observedAt: 0,
    engine: {
      id: `engine-${name}`,
      hostname: name,
      version: '20.10.24',
      apiVersion: '1.41',
      os: 'linux',
      architecture: 'amd64',
      cpus: 2,
      memoryBytes: 2 ** 30,
      labels: {},
    },
    containers: [],
    unmanaged: [],
    networks: [],
    volumes: [],
    images: ['v1', 'v2', 'v3'].map((tag) => ({
      id: `sha256:${tag}`,
      tags: [`testapp:${tag}`],
      digests: [],
      os: 'linux',
      architecture: 'amd64',
      defaults: noDefaults,
    })),
    ...facts,
  };
}

export function aDesiredState(
  applications: readonly ApplicationSpec[],
  hosts: readonly string[],
  commit: string | number = 1,
): DesiredState {
  return {
    revision: aRevision(commit),
    fleet: {
      name: 'test',
      hosts: hosts.map((name) => aHost(name)),
      variables: {},
      prune: { approved: [] },
      origin: { file: 'fleet.yaml', line: 1, column: 1 },
    },
    applications,
  };
}

/** A fleet of empty hosts on which nothing has ever run. */
export function aWorld(
  applications: readonly ApplicationSpec[],
  hosts: readonly string[] = ['host-1', 'host-2', 'host-3'],
  facts: Partial<World> = {},
): World {
  const observations = new Map<HostName, HostObservation>(
    hosts.map((name) => [toHostName(name), aReachableHost(name)]),
  );
  return {
    desired: aDesiredState(applications, hosts),
    observations,
    journal: applications.reduce(
      (state, { name }) => reduceJournal(state, { kind: 'application-seen', application: name }),
      emptyJournal,
    ),
    readiness: new Map(),
    inFlight: new Map(),
    failures: new Map(),
    now: 1_000_000,
    ...facts,
  };
}
