import type { Dependency, ServiceSpec } from '../../model/application.ts';
import { hashContainer } from '../../model/hash.ts';
import type { Origins } from '../../model/origin.ts';
import { child, members, readBoolean, readNumber, readText, type Cursor } from '../cursor.ts';
import type { Subject } from '../subject.ts';
import { resolveContainer } from './container.ts';
import { resolveEnvironment } from './environment.ts';
import { resolveGate } from './gate.ts';
import { collectOrigins } from './origins.ts';
import { resolveConstraints, resolveUpdate } from './rollout-policy.ts';

/** One service with every default filled in. */
export function resolveService(subject: Subject, name: string, service: Cursor): ServiceSpec {
  const environment = resolveEnvironment(subject, service);
  const container = resolveContainer(subject, name, service, environment.values);
  const gate = resolveGate(service, container.healthcheck);
  return {
    name,
    container,
    hash: hashContainer(container, gate),
    mode: readText(child(service, 'deploy', 'mode')) === 'global' ? 'global' : 'replicated',
    replicas: readNumber(child(service, 'deploy', 'replicas')) ?? 1,
    constraints: resolveConstraints(service),
    update: resolveUpdate(service),
    gate,
    dependsOn: resolveDependencies(subject, service),
    origins: withEnvFiles(collectOrigins(service), environment.origins),
  };
}

const conditions: Readonly<Record<string, Dependency['condition']>> = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
};

/** Sorted by service. An optional dependency on a service that is not there is none. */
function resolveDependencies(subject: Subject, service: Cursor): readonly Dependency[] {
  return members(child(service, 'depends_on'))
    .filter(([name]) => subject.services.has(name))
    .map(([name, dependency]) => ({
      service: name,
      condition: conditions[readText(child(dependency, 'condition')) ?? ''] ?? 'started',
      required: readBoolean(child(dependency, 'required')) ?? true,
    }))
    .toSorted((a, b) => (a.service < b.service ? -1 : 1));
}

function withEnvFiles(origins: Origins, files: ReadonlyMap<string, Origins[string]>): Origins {
  const added = [...files].map(([name, origin]) => [`environment.${name}`, origin] as const);
  return { ...Object.fromEntries(added), ...origins };
}
