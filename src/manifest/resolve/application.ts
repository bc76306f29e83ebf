import type { ApplicationSpec } from '../../model/application.ts';
import { child, isPresent } from '../cursor.ts';
import { startOf } from '../report.ts';
import type { Subject } from '../subject.ts';
import { resolveNetworks } from './network.ts';
import { resolveService } from './service.ts';
import { resolveVolumes } from './volume.ts';

/**
 * The application with every default filled in. What does not follow its grammar is reported on the way, and then the
 * result means nothing; the caller keeps it only when nothing was reported.
 */
export function resolveApplication(subject: Subject): ApplicationSpec {
  const name = child(subject.root, 'name');
  return {
    name: subject.name,
    file: subject.source.file,
    origin: isPresent(name) ? name.origin : startOf(subject.source.file),
    services: [...subject.services]
      .map(([serviceName, service]) => resolveService(subject, serviceName, service))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    networks: resolveNetworks(subject),
    volumes: resolveVolumes(subject),
  };
}
