import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import type { CommitSha } from '../model/names.ts';
import { backendOf, hostBehind, type ExposeSpec, type ProxyRole } from '../model/traffic.ts';
import { versionsOf } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import type { Target } from './target.ts';
import type { World } from './world.ts';

/** A service that requests come in for, through the proxies of one role. */
export interface Exposure {
  readonly application: string;
  readonly service: ServiceSpec;
  readonly expose: ExposeSpec;
  /** What it is asked for by there. */
  readonly host: string;
  readonly backend: string;
  /** The commit that asks for it. */
  readonly commit: CommitSha;
}

/**
 * What is exposed through the proxies of a role, by backend. What a commit has taken away stays exposed until it is gone, for it serves until its turn has
 * come; where the service stays, its `expose` is what the commit says.
 *
 * @param targets one for each application of the desired state
 */
export function exposuresOf(
  world: World,
  targets: readonly Target[],
  role: ProxyRole,
): ReadonlyMap<string, Exposure> {
  const exposures = new Map<string, Exposure>();
  const add = (spec: ApplicationSpec, service: ServiceSpec, commit: CommitSha): void => {
    const backend = backendOf(spec.name, service.name);
    const { expose } = service;
    const host = expose === undefined ? undefined : hostBehind(expose, role);
    if (expose === undefined || host === undefined || exposures.has(backend)) return;
    exposures.set(backend, { application: spec.name, service, expose, host, backend, commit });
  };
  const asked = new Set<string>();
  for (const { spec, commit } of targets) {
    for (const service of spec.services) {
      asked.add(backendOf(spec.name, service.name));
      add(spec, service, commit);
    }
  }
  for (const { lastKnownGood: good } of world.journal.applications.values()) {
    if (good === null) continue;
    for (const service of good.spec.services) {
      if (!asked.has(backendOf(good.spec.name, service.name))) add(good.spec, service, good.commit);
    }
  }
  return exposures;
}

/** What the version of an instance says of its port: two versions may listen on different ones. */
export function exposedPort(
  { desired, journal }: Pick<World, 'desired' | 'journal'>,
  { expose, application }: Exposure,
  { identity, hash }: Instance,
): number {
  const asked = desired.applications.find(({ name }) => name === application);
  const good = journal.applications.get(application)?.lastKnownGood?.spec;
  const own = [asked, good].flatMap((spec) => (spec?.services ?? []).flatMap(versionsOf));
  const version = own.find((one) => one.name === identity.service && one.hash === hash);
  return version?.expose?.port ?? expose.port;
}
