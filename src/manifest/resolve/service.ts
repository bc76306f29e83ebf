import type { Dependency, ServiceSpec } from '../../model/application.ts';
import type { ContainerSpec } from '../../model/container.ts';
import { hashContainer } from '../../model/hash.ts';
import { packOrigins, type Origin, type Origins } from '../../model/origin.ts';
import { present } from '../../model/present.ts';
import { child, members, readBoolean, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { resolveReplicas } from './autoscale.ts';
import { deliveredOrigins } from './delivered-files.ts';
import { resolveConstraints, resolveSpread } from './constraints.ts';
import { resolveContainer } from './container.ts';
import { resolvePriority } from './priority.ts';
import { resolveReplaceAfter } from './failure-policy.ts';
import { resolveEnvironment } from './environment.ts';
import { resolveExposure } from './expose.ts';
import { resolveGate } from './gate.ts';
import { resolveHooks } from './hooks.ts';
import { gateOfJob, resolveJob, startsLater } from './job.ts';
import { originsBelow } from './origins.ts';
import { resolveTagMoved } from './image-policy.ts';
import { olderKeys } from './older-keys.ts';
import { readMaxPerHost, readReservedCpus } from './room.ts';
import { resolvePullPolicy } from './pull-policy.ts';
import { resolveRollout, rolloutOfJob } from './rollout-policy.ts';
import { noBounds, resolveBounds, resolveRollback, resolveUpdate } from './update-policy.ts';

/** One service with every default filled in; its hash covers its own container only (see withCombinedHashes). */
export function resolveService(subject: Subject, name: string, service: Cursor): ServiceSpec {
  const environment = resolveEnvironment(subject, service);
  const container = resolveContainer(subject, name, service, environment.values);
  const job = subject.jobs.get(name);
  const gate = job === undefined ? resolveGate(service, container.healthcheck) : gateOfJob(job);
  const isGlobal = readText(child(service, 'deploy', 'mode')) === 'global';
  const { replicas, ...scale } = resolveReplicas(service);
  const bounds = job === undefined ? resolveBounds(subject, service) : noBounds;
  const update = resolveUpdate(service, bounds);
  return {
    name,
    pullPolicy: resolvePullPolicy(child(service, 'pull_policy')),
    tagMoved: resolveTagMoved(child(service, 'x-fleetwright', 'image', 'tagMoved')),
    container,
    hash: hashContainer(container, gate),
    mode: isGlobal ? 'global' : 'replicated',
    replicas,
    ...scale,
    constraints: resolveConstraints(service),
    ...present({
      spread: resolveSpread(service),
      maxPerHost: readMaxPerHost(child(service, 'deploy', 'placement', 'max_replicas_per_node')),
      reservedNanoCpus: readReservedCpus(service),
    }),
    ...present({ containerName: readText(child(service, 'container_name')) || null }),
    singleton: readBoolean(child(service, 'x-fleetwright', 'singleton')) ?? false,
    ...resolvePriority(subject, service),
    ...resolveReplaceAfter(subject, service),
    job: job === undefined ? null : resolveJob(job),
    update,
    rollback: resolveRollback(service, update, isGlobal ? null : replicas),
    rollout:
      job === undefined
        ? resolveRollout(subject, service, update.monitorMs, gate)
        : rolloutOfJob(gate),
    gate,
    ...resolveHooks(subject, service),
    ...resolveExposure(subject.name, name, child(service, 'x-fleetwright', 'expose')),
    dependsOn: resolveDependencies(subject, name, service),
    origins: originsOf(service, container, environment.origins),
  };
}

const conditions: Readonly<Record<string, Dependency['condition']>> = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
};

/** Sorted by service. An optional dependency on a service that is not there, or that comes later, is none. */
function resolveDependencies(
  subject: Subject,
  name: string,
  service: Cursor,
): readonly Dependency[] {
  return members(child(service, 'depends_on'))
    .filter(([other]) => subject.services.has(other) && !startsLater(subject, other, name))
    .map(([other, dependency]) => ({
      service: other,
      condition: conditions[readText(child(dependency, 'condition')) ?? ''] ?? 'started',
      required: readBoolean(child(dependency, 'required')) ?? true,
      ...(isRestarted(dependency) ? { restart: true as const } : {}),
    }))
    .toSorted((a, b) => (a.service < b.service ? -1 : 1));
}

/**
 * Only what is written: that other keys imply it is for Compose, where names and namespaces break when a container is made
 * anew. Here an instance follows the one whose namespaces it shares, and a name leads to whoever has it now.
 */
function isRestarted(dependency: Cursor): boolean {
  const restart = child(dependency, 'restart');
  const isImplied = restart.node?.origin === dependency.node?.origin;
  return !isImplied && (readBoolean(restart) ?? false);
}

/** Where all of a service stands. What is written itself goes before what only stands for it. */
function originsOf(
  service: Cursor,
  container: ContainerSpec,
  envFiles: ReadonlyMap<string, Origin>,
): Origins {
  const origins = originsBelow(service);
  const others = [...envFiles].map(([name, at]) => [`environment.${name}`, at] as const);
  for (const [path, at] of [...others, ...twinsIn(origins)]) {
    if (!origins.has(path)) origins.set(path, at);
  }
  for (const [path, at] of deliveredOrigins(service, container)) origins.set(path, at);
  return packOrigins(origins);
}

/** Drift and plans speak of a limit by its newer key; it stands where either of the two does. */
function twinsIn(origins: ReadonlyMap<string, Origin>): readonly (readonly [string, Origin])[] {
  return Object.entries(olderKeys).flatMap(([key, older]) => {
    const written = older.find((each) => origins.has(each)) ?? '';
    const origin = origins.get(written);
    return written === '' || origin === undefined ? [] : [[key, origin] as const];
  });
}
