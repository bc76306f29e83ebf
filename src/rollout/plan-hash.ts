import type { ServiceSpec } from '../model/application.ts';
import { digestOf } from '../model/digest.ts';
import { liveDigest } from '../model/hash.ts';
import type { ContainerId, SpecHash } from '../model/names.ts';
import type { HostAction, Step } from '../model/step.ts';
import { isTrafficAction } from '../model/step.ts';
import type { Adoption } from './decide-adoption.ts';
import type { ApplicationDecision } from './decide-application.ts';
import { inventoryOf } from './older-schemas.ts';
import type { Prediction } from './predict.ts';
import { gateDigest } from './target.ts';

/** Of the rules below: what was approved by others is not what these would say. */
const rules = 1;

/**
 * What a plan comes to, for a comparison with another plan: everything that would be done, and nothing that may differ
 * between two commits that ask for the same, or between two looks at a fleet that has not changed.
 */
interface PlanContent {
  /** What is done to each slot, in order; by application, service, slot and host. */
  readonly slots: readonly (readonly [string, readonly object[]])[];
  readonly adoptions: readonly object[];
  /** How far services fall: the same steps in another order are another risk. */
  readonly lowest: readonly object[];
  /** Applications whose removal waits for approval. */
  readonly held: readonly string[];
  /** What is asked for and cannot be done now, and will be when what stands in its way is gone. */
  readonly open: readonly object[];
}

/**
 * The hash of a plan. Null while a host cannot be observed: what would be done there is not known.
 *
 * It covers neither the commit, times and ids, nor what is pulled and removed of images: whether a host has one already
 * changes nothing but time. Nor what proxies are told: that follows from what becomes of the instances.
 */
export function planHash(prediction: Prediction): string | null {
  const { fleet } = prediction.start.desired;
  if (!isComplete(prediction)) return null;
  return digestOf({ rules, fleet: fleet.name, ...contentOf(prediction) });
}

/** Whether nothing would be done, now or when what stands in the way is gone. */
export function isEmptyPlan(prediction: Prediction): boolean {
  return Object.values(contentOf(prediction)).every(
    (part: readonly unknown[]) => part.length === 0,
  );
}

function isComplete({ start: { desired, observations } }: Prediction): boolean {
  return desired.fleet.hosts.every(({ name }) => observations.get(name)?.kind === 'reachable');
}

function contentOf(prediction: Prediction): PlanContent {
  const { start, waves, lowest, first, last } = prediction;
  const { instances } = inventoryOf(start);
  const before = new Map(instances.map(({ container, hash }) => [container.id, hash]));
  const slots = new Map<string, object[]>();
  for (const step of waves.flat()) {
    if (isAboutImages(step)) continue;
    const { action, application, service, slot, host } = step;
    if (isTrafficAction(action)) continue;
    const key = [application, service, slot, host].join('/');
    slots.set(key, [...(slots.get(key) ?? []), stepContent(action, before)]);
  }
  return {
    slots: [...slots].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    adoptions: first.adoptions.flatMap(adoptionContent),
    lowest: lowest.map(({ application, service, desired, lowest }) => {
      return { application, service, desired, lowest };
    }),
    held: last.prune.held?.applications ?? [],
    open: last.applications.filter(({ settled }) => !settled).map(openContent),
  };
}

function isAboutImages({ action }: Step): boolean {
  return action.kind === 'pull-image' || action.kind === 'remove-image';
}

/** What one step does, and to which version of a service. */
function stepContent(action: HostAction, before: ReadonlyMap<ContainerId, SpecHash>): object {
  const from = 'guard' in action ? (before.get(action.guard.id) ?? null) : null;
  return { kind: action.kind, from, ...detailOf(action) };
}

function detailOf(action: HostAction): object {
  switch (action.kind) {
    case 'create-container':
      return { to: versionOf(action.service) };
    case 'create-network': {
      const { origin: _origin, ...network } = action.network;
      return { network };
    }
    case 'create-volume': {
      const { origin: _origin, ...volume } = action.volume;
      return { volume };
    }
    case 'remove-network':
    case 'remove-volume':
      return { name: action.name };
    case 'run-hooks':
      return { hooks: action.hooks };
    case 'update-container':
      return { restart: action.restart, resources: action.resources };
    case 'deliver-files':
      return { targets: action.targets, telling: action.telling, told: action.told };
    case 'rename-container':
      return { to: action.to };
    case 'connect-network':
      return { attachment: action.attachment };
    case 'disconnect-network':
      return { network: action.network };
    case 'stop-container':
      return { hooks: action.hooks ?? null };
    case 'pull-image':
    case 'remove-image':
    case 'start-container':
    case 'unpause-container':
    case 'remove-container':
      return {};
  }
}

/** All of a service that its instances are made with, and that the hash of its container leaves out too. */
function versionOf(service: ServiceSpec): object {
  const { hash, container, containerName = null, hooks = null } = service;
  const { restart, stopGraceMs } = container;
  const [live, gate] = [liveDigest(container), gateDigest(service)];
  return { hash, live, gate, hooks, restart, stopGraceMs, containerName };
}

function adoptionContent({ application, claims, refusal }: Adoption): readonly object[] {
  const outcome = refusal === null ? 'adopted' : 'refused';
  return claims.map(({ service, slot, container }) => {
    const { host, name } = container;
    return { application, service: service.name, slot, host, name, outcome };
  });
}

function openContent({ application, suspended, target }: ApplicationDecision): object {
  const services = target.spec.services.map((service) => {
    const { name, mode, autoscale, variants = [] } = service;
    // A number that goes by load may be another one by the time that the plan is looked at.
    const number = autoscale === undefined ? { replicas: service.replicas } : { autoscale };
    const own = { name, mode, ...number, ...versionOf(service) };
    if (variants.length === 0) return own;
    const others = variants.map((variant) => ({
      hosts: variant.hosts,
      ...versionOf(variant.service),
    }));
    return { ...own, variants: others };
  });
  return { application, suspended, mode: target.mode, services };
}
