import { label } from './labels.ts';
import type { HostName, SpecHash } from './names.ts';
import type { Origin } from './origin.ts';

/** Containers that somebody else made, and that an application takes on instead of making its own. */
export interface AdoptionSpec {
  /** All containers that Compose made for this project; null: those that are named. */
  readonly composeProject: string | null;
  /** Names of containers by service: the first fills slot 1. */
  readonly containers: Readonly<Record<string, readonly string[]>>;
  /** The only host on which they are looked for; null: all. */
  readonly host: HostName | null;
  readonly origin: Origin;
}

/** What the journal keeps of a container that was taken on: its labels cannot be changed any more, so they tell nothing. */
export interface AdoptedRecord {
  /** The hash of the service that it was found to be like; one that nothing has, when it differs. */
  readonly hash: SpecHash;
  /** Labels of Compose that it had when it was taken on, for the guard of each step. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Which containers without our labels are looked at in full. Sorted. */
export interface AdoptionInterest {
  readonly projects: readonly string[];
  readonly names: readonly string[];
  /** Those that have been taken on, whatever the commit says by now. */
  readonly ids: readonly string[];
}

export const noInterest: AdoptionInterest = { projects: [], names: [], ids: [] };

/** Whether a container is one of them. What carries the label of a fleet, be it another one, never is. */
export function isOfInterest(
  { projects, names, ids }: AdoptionInterest,
  container: {
    readonly id: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  },
): boolean {
  const { labels, id, name } = container;
  if (labels[label.fleet] !== undefined) return false;
  if (ids.includes(id) || names.includes(name)) return true;
  const project = labels[label.composeProject];
  return project !== undefined && projects.includes(project) && isOfService(labels);
}

/** `docker compose run` makes containers beside those of the service. */
function isOfService(labels: Readonly<Record<string, string>>): boolean {
  return labels['com.docker.compose.oneoff']?.toLowerCase() !== 'true';
}

/** The labels of Compose that say what a container is to it. */
export function composeLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const names = [label.composeProject, label.composeService, label.composeNumber];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = labels[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
