import { child, isPresent, items, members, type Cursor } from './cursor.ts';
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
    partial: isPresent(child(root, 'include')),
  };
}

function isActive(service: Cursor): boolean {
  return items(child(service, 'profiles')).length === 0;
}
