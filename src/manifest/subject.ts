import type { InstallationKey } from '../model/sealed.ts';
import { child, members, readText, readTexts, type Cursor } from './cursor.ts';
import type { FileAccess } from './file-access.ts';
import type { ManifestSource } from './find.ts';

/** One application's document in its canonical form, as the rules judge it and the resolvers read it. */
export interface Subject {
  readonly name: string;
  readonly source: ManifestSource;
  readonly root: Cursor;
  /** Services by name, without those left out by their profiles. */
  readonly services: ReadonlyMap<string, Cursor>;
  /** Services that are left out, since none of their profiles is active. */
  readonly inactive: ReadonlySet<string>;
  /** What is said of the job that a service is, be it a hook of another one, by service; the first word counts. */
  readonly jobs: ReadonlyMap<string, Cursor>;
  readonly variables: ReadonlyMap<string, string>;
  readonly files: FileAccess;
  /** Secrets are sealed with it. */
  readonly key: InstallationKey;
}

export function createSubject(
  root: Cursor,
  context: Pick<Subject, 'name' | 'source' | 'variables' | 'files' | 'key'>,
): Subject {
  const all = members(child(root, 'services')).filter(
    ([, service]) => service.node?.kind === 'map',
  );
  const active = activeProfiles(context.variables);
  const services = new Map<string, Cursor>();
  const inactive = new Set<string>();
  for (const [name, service] of all) {
    if (runsWith(service, active)) services.set(name, service);
    else inactive.add(name);
  }
  return {
    ...context,
    root,
    services,
    inactive,
    jobs: new Map([
      ...all.flatMap(([name, service]): readonly (readonly [string, Cursor])[] => {
        const job = child(service, 'x-fleetwright', 'job');
        return job.node === undefined ? [] : [[name, job]];
      }),
      ...jobsOf(root)
        .map(({ service, job }) => [service, job] as const)
        .toReversed(),
    ]),
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

/** Names in `COMPOSE_PROFILES`, which is a declared variable like any other. */
function activeProfiles(variables: ReadonlyMap<string, string>): ReadonlySet<string> {
  const names = (variables.get('COMPOSE_PROFILES') ?? '').split(',');
  return new Set(names.map((name) => name.trim()).filter(Boolean));
}

/** A service without profiles always runs; `*` stands for all profiles. */
function runsWith(service: Cursor, active: ReadonlySet<string>): boolean {
  const profiles = readTexts(child(service, 'profiles'));
  return profiles.length === 0 || active.has('*') || profiles.some((name) => active.has(name));
}
