import type { ApplicationSpec } from '../../model/application.ts';
import { withCombinedHashes } from '../../model/hash.ts';
import { child, isPresent, readBoolean, readNumber, readText, type Cursor } from '../cursor.ts';
import { startOf } from '../report.ts';
import type { Subject } from '../subject.ts';
import { resolveAdoption } from './adopt.ts';
import { resolveApplicationDependencies } from './application-dependencies.ts';
import { resolveIgnoreRules } from './ignore-rules.ts';
import { resolveNetworks } from './network.ts';
import { resolveService } from './service.ts';
import { resolveVolumes } from './volume.ts';

/**
 * The application with every default filled in. What does not follow its grammar is reported on the way, and then the
 * result means nothing; the caller keeps it only when nothing was reported. Which files it took is known when it is done.
 */
export function resolveApplication(subject: Subject): Omit<ApplicationSpec, 'files'> {
  const name = child(subject.root, 'name');
  const own = child(subject.root, 'x-fleetwright');
  const services = [...subject.services].map(([serviceName, service]) =>
    resolveService(subject, serviceName, service),
  );
  return {
    name: subject.name,
    file: subject.source.file,
    origin: isPresent(name) ? name.origin : startOf(subject.source.file),
    ...resolveNamespace(child(own, 'namespace')),
    dependsOn: resolveApplicationDependencies(subject.root),
    wave: readNumber(child(own, 'wave')) ?? 0,
    rolloutGroup: readText(child(own, 'rolloutGroup')),
    suspend: readBoolean(child(own, 'suspend')) ?? false,
    retry: readNumber(child(own, 'retry')) ?? 0,
    ...resolveAdoption(own),
    services: withCombinedHashes(services).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    networks: resolveNetworks(subject),
    volumes: resolveVolumes(subject),
    driftIgnore: resolveIgnoreRules(subject),
  };
}

function resolveNamespace(cursor: Cursor): Pick<ApplicationSpec, 'namespace'> {
  const name = readText(cursor);
  return name === null ? {} : { namespace: { name, origin: cursor.origin } };
}
