/** Builders for the model: each takes the facts that matter and fills in the rest. */
import { createHash } from 'node:crypto';

import type {
  ApplicationSpec,
  Constraint,
  Gate,
  ServiceSpec,
  RolloutPolicy,
  UpdatePolicy,
} from '../../src/model/application.ts';
import type { ContainerSpec } from '../../src/model/container.ts';
import type { DesiredState } from '../../src/model/desired.ts';
import { digestOf } from '../../src/model/digest.ts';
import type { DriftItem } from '../../src/model/drift.ts';
import type { HostSpec } from '../../src/model/fleet.ts';
import type { IgnoreRule } from '../../src/model/ignore-rule.ts';
import { hashContainer, hashSchema } from '../../src/model/hash.ts';
import type { ApplicationRecord, JournalState, Quarantine } from '../../src/model/journal-state.ts';
import { emptyApplicationRecord, emptyJournal } from '../../src/model/journal-state.ts';
import { reduceJournal } from '../../src/model/journal-reduce.ts';
import type { InstanceIdentity } from '../../src/model/labels.ts';
import { identityLabels, instanceName, slotKey } from '../../src/model/labels.ts';
import type { HostName } from '../../src/model/names.ts';
import { toCommitSha, toContainerId, toHostName } from '../../src/model/names.ts';
import type {
  HostObservation,
  ObservedContainer,
  ReachableHost,
  UnmanagedContainer,
  UnreachableHost,
} from '../../src/model/observation.ts';
import { noDefaults } from '../../src/model/observation.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { Action, Step } from '../../src/model/step.ts';
import { noOrigins, packOrigins } from '../../src/model/origin.ts';
import type { Instance } from '../../src/drift/identify.ts';
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

export interface ServiceFacts extends Partial<
  Omit<ServiceSpec, 'container' | 'update' | 'rollback' | 'rollout' | 'gate'>
> {
  readonly container?: Partial<ContainerSpec>;
  readonly update?: Partial<UpdatePolicy>;
  readonly rollback?: Partial<UpdatePolicy>;
  readonly rollout?: Partial<RolloutPolicy>;
  readonly gate?: Partial<Gate>;
}

const anUpdate: UpdatePolicy = {
  order: 'start-first',
  parallelism: 1,
  delayMs: 0,
  monitorMs: 5_000,
  failureAction: 'rollback',
  maxFailureRatio: 0,
  maxSurge: null,
  maxUnavailable: null,
};

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
    pullPolicy: 'missing',
    tagMoved: null,
    hash: hashContainer(container, gate),
    mode: 'replicated',
    replicas: 1,
    constraints: [],
    singleton: false,
    job: null,
    dependsOn: [],
    origins: packOrigins(new Map([['', origin]])),
    ...facts,
    container,
    gate,
    update: { ...anUpdate, ...facts.update },
    rollback: { ...anUpdate, ...facts.rollback },
    rollout: {
      strategy: 'rolling',
      steps: [],
      promote: 'auto',
      attempts: 1,
      progressDeadlineMs: 600_000,
      ...facts.rollout,
    },
  };
}

export function anApplication(
  services: readonly ServiceSpec[],
  facts: Partial<ApplicationSpec> = {},
): ApplicationSpec {
  const name = facts.name ?? 'shop';
  const file = facts.file ?? `apps/${name}/compose.yaml`;
  return {
    name,
    file,
    files: [file],
    origin,
    dependsOn: [],
    wave: 0,
    rolloutGroup: null,
    suspend: false,
    retry: 0,
    services,
    networks: [],
    volumes: [],
    driftIgnore: [],
    ...facts,
  };
}

export function aHost(name: string, facts: Partial<HostSpec> = {}): HostSpec {
  return {
    name: toHostName(name),
    endpoint: { kind: 'unix', path: `/run/${name}.sock` },
    address: '127.0.0.1',
    labels: {},
    cordon: false,
    drain: false,
    origins: noOrigins,
    ...facts,
  };
}

/** A host that answers, with `testapp:v1` to `testapp:v3` on it. */
export function aReachableHost(name: string, facts: Partial<ReachableHost> = {}): ReachableHost {
  return {
    kind: 'reachable',
    host: toHostName(name),
    observedAt: 0,
    watchedSince: 0,
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
      rollback: { writeBack: 'off' },
      image: { tagMoved: 'ignore', intervalMs: 300_000 },
      failure: { lostAfterMs: 300_000 },
      driftIgnore: [],
      proxies: [],
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
    traffic: new Map(),
    proofs: null,
    analyses: null,
    load: new Map(),
    inFlight: new Map(),
    failures: new Map(),
    lookups: new Map(),
    requests: [],
    sourceAwaySince: null,
    watchingSince: 0,
    now: 1_000_000,
    ...facts,
  };
}

export function anUnreachableHost(
  name: string,
  facts: Partial<UnreachableHost> = {},
): UnreachableHost {
  return { kind: 'unreachable', host: toHostName(name), since: 0, reason: 'no answer', ...facts };
}

/** A constraint as the manifest writes it: `node.labels.zone == a`. */
export function aConstraint(text: string): Constraint {
  const [key = '', operator = '', value = ''] = text.split(' ');
  return { key, operator: operator === '!=' ? '!=' : '==', value, text, origin };
}

/** A container of someone else, that has these TCP ports of its host. */
export function aForeignContainer(
  name: string,
  hostPorts: readonly number[] = [],
): UnmanagedContainer {
  return {
    id: toContainerId(`foreign ${name}`),
    name,
    image: 'nginx:latest',
    imageId: 'sha256:foreign',
    state: 'running',
    labels: {},
    published: hostPorts.map((hostPort) => ({
      target: 80,
      protocol: 'tcp',
      hostIp: '0.0.0.0',
      hostPort,
    })),
    networks: ['bridge'],
  };
}

/** An instance of a service as its own create made it: promoted and running since `startedAt` 0 on `host-1`. */
export function anInstance(
  service: ServiceSpec,
  identityFacts: Partial<InstanceIdentity> = {},
  facts: Partial<ObservedContainer> = {},
): Instance {
  const identity: InstanceIdentity = {
    fleet: 'test',
    application: 'shop',
    service: service.name,
    slot: '1',
    epoch: 1,
    hash: service.hash,
    hashSchema,
    ...identityFacts,
  };
  const name = instanceName(identity);
  const labels = { ...service.container.labels, ...identityLabels(identity, aCommit(1)) };
  const restart = facts.restart ?? service.container.restart;
  const container: ObservedContainer = {
    id: toContainerId(createHash('sha256').update(name).digest('hex')),
    host: toHostName('host-1'),
    name,
    labels,
    state: 'running',
    health: 'none',
    healthLog: [],
    exitCode: 0,
    oomKilled: false,
    startError: '',
    restartCount: 0,
    startedAt: 0,
    finishedAt: null,
    imageId: '',
    restart,
    published: [],
    spec: { ...service.container, labels, restart },
    ...facts,
  };
  const { hash } = identity;
  return { container, identity, hash, slotKey: slotKey(identity), renamed: false, known: true };
}

/** A step on slot 1 of `shop/web`. */
export function aStep(action: Action, facts: Partial<Step> = {}): Step {
  return {
    key: 'shop/web/1',
    host: toHostName('host-1'),
    application: 'shop',
    service: 'web',
    slot: '1',
    action,
    cause: { commit: aCommit(1), origin, path: '', reason: 'it is asked for', changes: [] },
    ...facts,
  };
}

/** A memory limit that someone changed by hand. */
export function aDriftItem(facts: Partial<DriftItem> = {}): DriftItem {
  return {
    application: 'shop',
    service: 'web',
    slot: '1',
    host: toHostName('host-1'),
    container: 'shop-web-1-cafe',
    containerId: toContainerId('cafe'),
    class: 'mutable-field',
    severity: 'warning',
    path: 'deploy.resources.limits.memory',
    desired: 67_108_864,
    observed: 134_217_728,
    origin: { file: 'apps/shop/compose.yaml', line: 9, column: 19 },
    commit: aCommit(1),
    action: 'heal',
    note: 'the limit is set back in place',
    ...facts,
  };
}

/** A rule that leaves the memory limit alone everywhere, for good. */
export function anIgnoreRule(facts: Partial<IgnoreRule> = {}): IgnoreRule {
  return {
    application: '*',
    service: '*',
    host: '*',
    path: 'deploy.resources.limits.memory',
    reason: 'under watch',
    until: null,
    origin: { file: 'fleet.yaml', line: 7, column: 5 },
    ...facts,
  };
}

/** The failure of a service's hash in commit 2. */
export function aQuarantine(service: ServiceSpec, facts: Partial<Quarantine> = {}): Quarantine {
  return {
    service: service.name,
    hash: service.hash,
    gate: digestOf(service.gate),
    commit: aCommit(2),
    retry: 0,
    at: 0,
    host: toHostName('host-1'),
    slot: '1',
    reason: 'Exited',
    message: 'it exited with code 1 before it was ready',
    log: [],
    health: [],
    ...facts,
  };
}

export function anApplicationRecord(facts: Partial<ApplicationRecord> = {}): ApplicationRecord {
  return { ...emptyApplicationRecord, ...facts };
}

export function aJournal(facts: Partial<JournalState> = {}): JournalState {
  return { ...emptyJournal, ...facts };
}
