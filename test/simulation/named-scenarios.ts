import { edgeName, proxyName } from './expose.ts';
import type { Scheduled } from './happening.ts';
import type {
  ApplicationModel,
  HostModel,
  RepositoryModel,
  ServiceModel,
} from './manifest-files.ts';
import type { Scenario } from './scenario.ts';
import { composeProject } from './world.ts';

/** A scenario built by hand around one thing that the operator does. */
export interface NamedScenario {
  readonly name: string;
  readonly scenario: Scenario;
  /** When that thing begins, in milliseconds from the start. All is quiet by then. */
  readonly beginsAtMs: number;
  /** Without its journal the operator waits for a person in the middle of it. */
  readonly needsJournal?: true;
}

/** By then the first commit has been rolled out and has baked. */
const firstDoneMs = 30_000;
/** As long as what a scenario is about may take. */
const longestMs = 120_000;
/** How soon the next commit comes: when part of the last one has been rolled out. */
const commitsMs = 5_500;

const web: ServiceModel = {
  name: 'web',
  kind: 'replicated',
  gate: 'http',
  image: 'web:1',
  isGood: true,
  replicas: 2,
  parallelism: 1,
  monitorS: 4,
  failureAction: 'rollback',
  level: 0,
  memory: 256,
  zone: null,
  hostPort: 8_000,
  after: null,
  strategy: 'rolling',
  maxSurge: null,
  maxUnavailable: null,
};

const better: ServiceModel = { ...web, image: 'web:2' };
/** Fails when it has passed its gate and is watched. */
const broken: ServiceModel = { ...web, image: 'bad:exits-late', isGood: false };
const one: ServiceModel = { ...web, replicas: 1 };
const many: ServiceModel = { ...web, replicas: 6 };
const global: ServiceModel = { ...one, kind: 'global' };
const port: ServiceModel = { ...one, kind: 'port' };
const plain: ServiceModel = { ...web, gate: 'plain' };
const canary: ServiceModel = { ...web, strategy: 'canary' };
const restarted: ServiceModel = { ...web, onChange: 'restart' };
const signalled: ServiceModel = { ...web, onChange: 'signal' };
const job: ServiceModel = { ...one, name: 'side', kind: 'job', gate: 'plain', image: 'job:1' };
const zone: ServiceModel = { ...one, zone: 'a' };
/** Two of them do not fit on one host. */
const unimportant: ServiceModel = { ...web, cpus: 3, priority: 10 };
const important: ServiceModel = { ...one, name: 'side', cpus: 3, priority: 100 };

const exposed: ServiceModel = { ...one, isExposed: true };
const proxies: ServiceModel = { ...global, name: proxyName, image: 'haproxy:1' };

/** They are small, so that each can be run once per effect of the operator. */
export const namedScenarios: readonly NamedScenario[] = [
  {
    name: 'first deployment',
    scenario: { ...newScenario(1, [web]), busyMs: longestMs },
    beginsAtMs: 0,
  },
  update('rolling update, start-first', 1, [web], [better]),
  update('update, stop-first for a host port', 1, [port], [{ ...port, image: 'web:2' }]),
  update('bad revision that is rolled back', 1, [web], [broken]),
  update('limit changed in place', 1, [many], [{ ...many, memory: 128 }]),
  update('files that instances restart for', 1, [restarted], [{ ...restarted, level: 1 }]),
  update('files that instances are told of', 1, [signalled], [{ ...signalled, level: 1 }]),
  update('scale up', 2, [one], [{ ...one, replicas: 3 }]),
  update('scale down', 2, [{ ...web, replicas: 3 }], [one]),
  update('update of a global service', 2, [global], [{ ...global, image: 'web:2' }]),
  update(
    'job before a rollout',
    1,
    [one, job],
    [
      { ...one, level: 1 },
      { ...job, level: 1 },
    ],
  ),
  update('canary that fails', 1, [canary], [{ ...broken, strategy: 'canary' }]),
  update('move by a constraint', 2, [zone], [{ ...zone, zone: 'b' }]),
  {
    name: 'room for what is more important, for a while',
    ...after(newScenario(2, [unimportant]), [
      commit(0, [unimportant, important]),
      commit(4 * commitsMs, [unimportant]),
    ]),
  },
  behindProxies('update behind a proxy', { ...exposed, image: 'web:2' }),
  update('revert during a rollout', 1, [web], [better], [web]),
  update('superseding commit', 1, [web], [better], [{ ...web, image: 'web:3' }]),
  {
    name: "repair after a person's removal",
    ...after(newScenario(1, [web]), [
      { atMs: 0, what: { kind: 'person', act: 'remove', which: 0 } },
    ]),
  },
  {
    name: 'adoption and the first update',
    scenario: {
      ...newScenario(1),
      first: repositoryOf(adopting(plain)),
      composed: plain.replicas,
      script: [
        {
          atMs: firstDoneMs,
          what: {
            kind: 'commit',
            subject: 'change',
            model: repositoryOf(adopting({ ...plain, image: 'web:2' })),
          },
        },
      ],
    },
    beginsAtMs: 0,
    needsJournal: true,
  },
  {
    name: 'prune',
    ...after(
      { ...newScenario(1), first: repositoryOf(shopOf(one), { ...shopOf(one), name: 'blog' }) },
      [commit(0, [one])],
    ),
  },
];

/** The services of one application change from commit to commit, the next before the last is rolled out. */
function update(
  name: string,
  hosts: number,
  from: readonly ServiceModel[],
  ...to: readonly (readonly ServiceModel[])[]
): NamedScenario {
  const commits = to.map((services, index) => commit(index * commitsMs, services));
  return { name, ...after(newScenario(hosts, from), commits) };
}

/** What is exposed changes. */
function behindProxies(name: string, service: ServiceModel): NamedScenario {
  const edge = { ...shopOf(proxies), name: edgeName };
  const first = repositoryOf(shopOf(exposed), edge);
  const model = repositoryOf(shopOf(service), edge);
  const what = { kind: 'commit', subject: 'change', model } as const;
  return { name, ...after({ ...newScenario(1), first }, [{ atMs: 0, what }]) };
}

/** @param script its times count from when the first commit is done with */
function after(
  scenario: Scenario,
  script: readonly Scheduled[],
): Pick<NamedScenario, 'scenario' | 'beginsAtMs'> {
  const later = script.map(({ atMs, what }) => ({ atMs: firstDoneMs + atMs, what }));
  return { scenario: { ...scenario, script: later }, beginsAtMs: firstDoneMs };
}

function newScenario(hosts: number, services: readonly ServiceModel[] = []): Scenario {
  return {
    seed: 1,
    hosts: Array.from({ length: hosts }, (_, index) => hostAt(index)),
    first: repositoryOf(shopOf(...services)),
    tagMoved: 'ignore',
    lostAfterS: null,
    script: [],
    busyMs: firstDoneMs + longestMs,
    latencyMs: [0, 0],
    resyncMs: 300_000,
    pingMs: 60_000,
  };
}

function hostAt(index: number): HostModel {
  return {
    name: `host-${index + 1}`,
    address: `10.0.0.${index + 1}`,
    zone: index % 2 === 0 ? 'a' : 'b',
    apiVersion: '1.45',
    skewMs: 0,
  };
}

function commit(atMs: number, services: readonly ServiceModel[]): Scheduled {
  const model = repositoryOf(shopOf(...services));
  return { atMs, what: { kind: 'commit', subject: 'change', model } };
}

function repositoryOf(...applications: readonly ApplicationModel[]): RepositoryModel {
  return { applications, fault: 'none', comment: 0, approved: [] };
}

function adopting(service: ServiceModel): ApplicationModel {
  return { ...shopOf(service), adopts: composeProject };
}

function shopOf(...services: readonly ServiceModel[]): ApplicationModel {
  return {
    name: 'shop',
    services,
    dependsOn: null,
    wave: 0,
    group: null,
    isSuspended: false,
    retry: 0,
  };
}
