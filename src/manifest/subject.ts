import { child, isPresent, items, members, readText, type Cursor } from './cursor.ts';
import type { FileAccess } from './file-access.ts';
import type { ManifestSource } from './find.ts';

/** One application's document in its canonical form, as the rules judge it and the resolvers read it. */
export interface Subject {
  readonly name: string;
  readonly source: ManifestSource;
  readonly root: Cursor;
  /** Services by name, without those left out by their profiles. */
  readonly services: ReadonlyMap<string, Cursor>;
  /** Services that are left out, since no profile is active. */
  readonly inactive: ReadonlySet<string>;
  /** What is said of the job that a service is, by service; the first word counts. */
  readonly jobs: ReadonlyMap<string, Cursor>;
  /** Parts are defined elsewhere, in a way that is not supported yet: what is not here is not necessarily missing. */
  readonly partial: boolean;
  readonly variables: ReadonlyMap<string, string>;
  readonly files: FileAccess;
}

export function createSubject(
  root: Cursor,
  context: Pick<Subject, 'name' | 'source' | 'variables' | 'files'>,
): Subject {
  const all = members(child(root, 'services')).filter(
    ([, service]) => service.node?.kind === 'map',
  );
  return {
    ...context,
    root,
    services: new Map(all.filter(([, service]) => isActive(service))),
    inactive: new Set(all.filter(([, service]) => !isActive(service)).map(([name]) => name)),
    jobs: new Map(
      jobsOf(root)
        .map(({ service, job }) => [service, job] as const)
        .toReversed(),
    ),
    partial: isPresent(child(root, 'include')),
  };
}

/** Every job as it is written, with the service that it runs: by default the one that has its name. */
export function jobsOf(
  root: Cursor,
): readonly { readonly name: string; readonly service: string; readonly job: Cursor }[] {
  return members(child(root, 'x-fleetwright', 'jobs')).map(([name, job]) => ({
    name,
    service: readText(child(job, 'service')) ?? name,
    job,
  }));
}

function isActive(service: Cursor): boolean {
  return items(child(service, 'profiles')).length === 0;
}
