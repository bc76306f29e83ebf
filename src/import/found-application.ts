import { label } from '../model/labels.ts';
import type { ObservedContainer, UnmanagedContainer } from '../model/observation.ts';

/** What is to become one application: the containers of a Compose project, or a single one. */
export interface FoundApplication {
  /** Its name, as it is to stand in the manifest. */
  readonly name: string;
  /** Null: a container that Compose did not make. */
  readonly composeProject: string | null;
  /** Sorted by service, then by number. */
  readonly containers: readonly FoundContainer[];
}

export interface FoundContainer {
  readonly service: string;
  readonly number: number;
  readonly container: ObservedContainer;
}

/** The Compose projects of a host whose containers are nobody's yet, sorted. */
export function composeProjects(
  containers: readonly Pick<UnmanagedContainer, 'labels'>[],
): readonly string[] {
  const projects = containers
    .filter(({ labels }) => isFree(labels))
    .flatMap(({ labels }) => labels[label.composeProject] ?? []);
  return [...new Set(projects)].toSorted();
}

/** The application of a Compose project; null when it has no container of a service. */
export function foundProject(
  project: string,
  containers: readonly ObservedContainer[],
): FoundApplication | null {
  const own = containers
    .filter(({ labels }) => labels[label.composeProject] === project && isFree(labels))
    .flatMap((container) => {
      const service = container.labels[label.composeService];
      const number = Number(container.labels[label.composeNumber] ?? '1');
      return service === undefined ? [] : [{ service, number, container }];
    })
    .toSorted((a, b) => compareText(a.service, b.service) || a.number - b.number);
  return own.length === 0
    ? null
    : { name: applicationName(project), composeProject: project, containers: own };
}

/** What carries the label of a fleet is of a manifest already. */
function isFree(labels: ObservedContainer['labels']): boolean {
  return labels[label.fleet] === undefined;
}

/** The application of one container. */
export function foundContainer(container: ObservedContainer): FoundApplication {
  const service = container.name.replaceAll(/[^a-zA-Z0-9._-]/g, '-');
  return {
    name: applicationName(container.name),
    composeProject: null,
    containers: [{ service, number: 1, container }],
  };
}

function applicationName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '-')
    .replace(/^[_-]+/, '');
  return name === '' ? 'imported' : name;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
