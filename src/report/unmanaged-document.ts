import type {
  UnmanagedContainer as Container,
  Unmanaged,
  UnmanagedObject,
} from '../generated/unmanaged.ts';
import { composeProject, type UnmanagedHost } from '../drift/unmanaged.ts';
import { isoTime } from '../model/iso-time.ts';
import type {
  HostObservation,
  ObservedNetwork,
  ObservedVolume,
  PublishedPort,
  UnmanagedContainer,
} from '../model/observation.ts';
import type { Revision } from '../model/revision.ts';
import { revisionDocument } from './revision-document.ts';

export interface UnmanagedInput {
  readonly revision: Revision;
  readonly hosts: readonly UnmanagedHost[];
  readonly observations: Iterable<HostObservation>;
  readonly now: number;
}

/** What Git does not know as a document: schemas/unmanaged.schema.json. */
export function unmanagedDocument(input: UnmanagedInput): Unmanaged {
  return {
    version: 1,
    revision: revisionDocument(input.revision),
    generatedAt: isoTime(input.now),
    hosts: input.hosts.map(({ host, containers, networks, volumes }) => ({
      host,
      containers: containers.map(containerDocument),
      networks: networks.map(objectDocument),
      volumes: volumes.map(objectDocument),
    })),
    unreachableHosts: [...input.observations]
      .filter(({ kind }) => kind === 'unreachable')
      .map(({ host }): string => host)
      .toSorted(),
  };
}

function containerDocument(container: UnmanagedContainer): Container {
  const { id, name, image, state, published } = container;
  const ports = published.map(formatPort);
  return { container: name, id, image, state, project: composeProject(container), ports };
}

function objectDocument(object: ObservedNetwork | ObservedVolume): UnmanagedObject {
  return { name: object.name, driver: object.driver, project: composeProject(object) };
}

function formatPort({ hostIp, hostPort, target, protocol }: PublishedPort): string {
  const address = hostIp.includes(':') ? `[${hostIp}]` : hostIp;
  return `${address === '' ? '' : `${address}:`}${hostPort}->${target}/${protocol}`;
}
