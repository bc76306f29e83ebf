import type { NetworkSpec, ServiceSpec } from '../model/application.ts';
import { noRestart } from '../model/container.ts';
import { liveStamps, stampLabels } from '../model/file-stamps.ts';
import { digestIn, familiarReference, withoutDigest } from '../model/image.ts';
import { gatePort } from '../model/hash.ts';
import type { InstanceIdentity } from '../model/labels.ts';
import { identityLabels, containerNameOf } from '../model/labels.ts';
import { reduceJournal } from '../model/journal-reduce.ts';
import type { JournalEntry } from '../model/journal-state.ts';
import type { CommitSha, ContainerId, HostName } from '../model/names.ts';
import { toContainerId } from '../model/names.ts';
import type {
  HostObservation,
  ObservedContainer,
  ObservedNetwork,
  PublishedPort,
  ReachableHost,
} from '../model/observation.ts';
import { networkLabels } from '../model/network-hash.ts';
import { noDefaults } from '../model/observation.ts';
import { present } from '../model/present.ts';
import type { Readiness } from '../model/readiness.ts';
import type { HostAction, Step } from '../model/step.ts';
import { isTrafficAction } from '../model/step.ts';
import { applyTraffic } from './apply-traffic.ts';
import type { World } from './world.ts';

/**
 * The world after steps that all succeed, with every running container ready since its start. It is how a plan looks
 * ahead; the engines' own answer always wins over it.
 */
export function applySteps(world: World, steps: readonly Step[]): World {
  const observations = new Map(
    [...world.observations].map(([host, seen]): [HostName, HostObservation] => [
      host,
      seen.kind === 'reachable' ? { ...seen, observedAt: world.now } : seen,
    ]),
  );
  for (const step of steps) {
    const observation = observations.get(step.host);
    if (observation?.kind !== 'reachable') continue;
    observations.set(step.host, afterStep(world, observation, step));
  }
  const journal = steps.flatMap(entriesOf(world.now)).reduce(reduceJournal, world.journal);
  const readiness = readinessOf(observations, world.now);
  const after = { ...world, journal, observations, readiness };
  return { ...after, traffic: applyTraffic(after, steps) };
}

/** What the operator notes when a step has ended. */
function entriesOf(at: number): (step: Step) => readonly JournalEntry[] {
  return ({ key: slot, action }) => {
    if (action.kind !== 'run-hooks') return [];
    return [{ kind: 'hooks-ended', slot, container: action.guard.id, failure: null, at }];
  };
}

function readinessOf(
  observations: ReadonlyMap<HostName, HostObservation>,
  now: number,
): ReadonlyMap<ContainerId, Readiness> {
  const readiness = new Map<ContainerId, Readiness>();
  for (const observation of observations.values()) {
    if (observation.kind === 'unreachable') continue;
    for (const { id, startedAt, state } of observation.containers) {
      if (startedAt === null || state !== 'running') continue;
      const passed = true;
      readiness.set(id, { startedAt, readySince: startedAt, passed, reason: '', checkedAt: now });
    }
  }
  return readiness;
}

function afterStep(world: World, host: ReachableHost, step: Step): ReachableHost {
  const { action } = step;
  if (isTrafficAction(action)) return host;
  switch (action.kind) {
    case 'pull-image':
      return { ...host, images: [...host.images, pulledImage(host, action.image)] };
    case 'remove-image':
      return { ...host, images: host.images.filter(({ id }) => id !== action.id) };
    case 'create-network': {
      const made = createdNetwork(world, step.application, action.network);
      return { ...host, networks: [...host.networks, made] };
    }
    case 'remove-network':
      return { ...host, networks: host.networks.filter(({ id }) => id !== action.id) };
    case 'create-volume': {
      const { name, driver, labels } = action.volume;
      return { ...host, volumes: [...host.volumes, { name, driver, labels }] };
    }
    case 'remove-volume':
      return { ...host, volumes: host.volumes.filter(({ name }) => name !== action.name) };
    case 'create-container': {
      const made = createdContainer(host, action.identity, action.service, step.cause.commit);
      return { ...host, containers: [...host.containers, made] };
    }
    case 'remove-container':
      return { ...host, containers: host.containers.filter(({ id }) => id !== action.guard.id) };
    default:
      return {
        ...host,
        containers: host.containers.map((container) =>
          container.id === action.guard.id ? changed(container, action, world.now) : container,
        ),
      };
  }
}

type ContainerAction = Extract<HostAction, { readonly guard: unknown }>;

function changed(
  container: ObservedContainer,
  action: ContainerAction,
  now: number,
): ObservedContainer {
  switch (action.kind) {
    case 'start-container':
      return action.service?.job
        ? finished(container, now)
        : { ...started(container, now), published: publishedBy(container, action.service) };
    case 'run-hooks':
      return container;
    case 'unpause-container':
      return { ...container, state: 'running' };
    case 'stop-container':
      return { ...container, state: 'exited', finishedAt: now, published: [] };
    case 'rename-container':
      return { ...container, name: action.to };
    case 'update-container': {
      const restart = action.restart ?? container.restart;
      const resources = action.resources ?? container.spec.resources;
      return { ...container, restart, spec: { ...container.spec, restart, resources } };
    }
    case 'deliver-files': {
      const { altered: _altered, ...mended } = container;
      const told = { ...mended, told: action.told };
      const restarts = action.telling.kind === 'restart' && container.state !== 'exited';
      return restarts ? started(told, now) : told;
    }
    case 'connect-network': {
      const { attachment } = action;
      const others = container.spec.networks.filter(
        ({ network }) => network !== attachment.network,
      );
      return { ...container, spec: { ...container.spec, networks: [...others, attachment] } };
    }
    case 'disconnect-network': {
      const networks = container.spec.networks.filter(({ network }) => network !== action.network);
      return { ...container, spec: { ...container.spec, networks } };
    }
    case 'remove-container':
      return container;
  }
}

function started(container: ObservedContainer, now: number): ObservedContainer {
  const test = container.spec.healthcheck?.test;
  const isChecked = test !== undefined && test !== null && test[0] !== 'NONE';
  return {
    ...container,
    state: 'running',
    health: isChecked ? 'healthy' : 'none',
    startedAt: now,
    restartCount: 0,
  };
}

/** Which ports the engine will pick is not known yet. */
function publishedBy(
  { spec }: ObservedContainer,
  service: ServiceSpec | null,
): readonly PublishedPort[] {
  const gate = service === null ? null : gatePort(service.container, service.gate);
  const ports = gate === null ? spec.ports : [...spec.ports, gate];
  return ports.map(({ target, protocol, hostIp, published }) => {
    const hostPort = /^\d+$/.test(published) ? Number(published) : 0;
    return { target, protocol, hostIp, hostPort };
  });
}

/** A job that does its work well. */
function finished(container: ObservedContainer, now: number): ObservedContainer {
  return { ...started(container, now), state: 'exited', exitCode: 0, finishedAt: now };
}

function createdContainer(
  host: ReachableHost,
  identity: InstanceIdentity,
  service: ServiceSpec,
  commit: CommitSha,
): ObservedContainer {
  const name = containerNameOf(identity, service);
  const own = { ...stampLabels(service.container), ...identityLabels(identity, commit) };
  const labels = { ...service.container.labels, ...own };
  const told = liveStamps(service.container);
  return {
    id: toContainerId(`planned ${host.host} ${name}`),
    host: host.host,
    name,
    labels,
    state: 'created',
    health: 'none',
    healthLog: [],
    exitCode: 0,
    oomKilled: false,
    startError: '',
    restartCount: 0,
    startedAt: null,
    finishedAt: null,
    imageId: '',
    restart: noRestart,
    published: [],
    spec: { ...service.container, labels, restart: noRestart },
    ...present({ told }),
  };
}

function createdNetwork(
  { desired }: World,
  application: string,
  network: NetworkSpec,
): ObservedNetwork {
  const { name, driver, internal, driverOpts: options, enableIpv6 = false, ipam } = network;
  const labels = { ...network.labels, ...networkLabels(desired.fleet.name, application, network) };
  const { driver: ipamDriver = 'default', pools = [] } = ipam ?? {};
  const settings = { options, enableIpv6, ipamDriver, pools };
  return { id: `planned ${name}`, name, driver, internal, labels, settings };
}

function pulledImage(
  { engine }: ReachableHost,
  reference: string,
): ReachableHost['images'][number] {
  const familiar = familiarReference(withoutDigest(reference));
  const digest = digestIn(reference);
  const repository = familiar.slice(0, familiar.lastIndexOf(':'));
  return {
    id: `planned ${reference}`,
    tags: digest === null ? [familiar] : [],
    digests: digest === null ? [] : [`${repository}@${digest}`],
    os: engine.os,
    architecture: engine.architecture,
    defaults: noDefaults,
  };
}
