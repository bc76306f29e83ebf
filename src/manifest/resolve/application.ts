import type { ApplicationSpec } from '../../model/application.ts';
import { withCombinedHashes } from '../../model/hash.ts';
import { present } from '../../model/present.ts';
import { child, isPresent, readBoolean, readNumber, readText, type Cursor } from '../cursor.ts';
import { startOf } from '../report.ts';
import type { Variants } from '../load-variants.ts';
import type { Subject } from '../subject.ts';
import { resolveAdoption } from './adopt.ts';
import { resolveApplicationDependencies } from './application-dependencies.ts';
import { resolveHealPolicy } from './heal-policy.ts';
import { resolveIgnoreRules } from './ignore-rules.ts';
import { resolveNetworks } from './network.ts';
import { resolveService } from './service.ts';
import { resolveVolumes } from './volume.ts';

/**
 * The application with every default filled in. What does not follow its grammar is reported on the way, and then the
 * result means nothing; the caller keeps it only when nothing was reported. Which files it took is known when it is done.
 */
export function resolveApplication(
  subject: Subject,
  variants: Variants,
): Omit<ApplicationSpec, 'files'> {
  const name = child(subject.root, 'name');
  const own = child(subject.root, 'x-fleetwright');
  const services = [...subject.services].map(([serviceName, service]) => ({
    ...resolveService(subject, serviceName, service),
    ...present({ variants: variants.services.get(serviceName) }),
  }));
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
    networks: together(resolveNetworks(subject), variants.networks),
    volumes: together(resolveVolumes(subject), variants.volumes),
    driftIgnore: resolveIgnoreRules(subject),
    ...resolveHealPolicy(child(own, 'drift')),
  };
}

/** Each name once, sorted. */
function together<T extends { readonly name: string }>(
  own: readonly T[],
  added: readonly T[],
): readonly T[] {
  if (added.length === 0) return own;
  const all = new Map([...added, ...own].map((each) => [each.name, each]));
  return [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function resolveNamespace(cursor: Cursor): Pick<ApplicationSpec, 'namespace'> {
  const name = readText(cursor);
  return name === null ? {} : { namespace: { name, origin: cursor.origin } };
}
