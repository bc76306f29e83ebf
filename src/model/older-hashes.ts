import type { ApplicationSpec, Gate } from './application.ts';
import type { ContainerSpec, Resources } from './container.ts';
import { digestOf } from './digest.ts';
import { gatePort, hashServices } from './hash.ts';
import type { SpecHash } from './names.ts';
import { toSpecHash } from './names.ts';
import { present } from './present.ts';

/**
 * The hash by schema 1, which stands on containers and in journals out there: never to be changed. It covers networks, the
 * grace of a stop, and how high the limits on memory, swap, CPUs and processes are.
 */
export function hashBySchema1(spec: ContainerSpec, gate: Gate): SpecHash {
  const { restart: _restart, ...hashed } = spec;
  const resources = resourcesOfSchema1(spec.resources);
  const port = gatePort(spec, gate)?.target ?? null;
  return toSpecHash(digestOf({ ...hashed, resources, gatePort: port }));
}

function resourcesOfSchema1(resources: Resources): object {
  const { cpuPeriod, cpuShares, cpuset, blockWeight, ...valued } = resources;
  const live = { blockWeight, cpuPeriod, cpuShares, cpuset };
  const set = Object.keys(present(live)).toSorted();
  return set.length === 0 ? valued : { ...valued, set };
}

/** Schemas of older releases that are still read. */
export const olderSchemas: readonly number[] = [1];

/** The hashes that an older release gave the services of an application, by name and in their order. */
export function olderHashes(spec: ApplicationSpec): ReadonlyMap<string, SpecHash> {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const hashes = hashServices(spec.services, hashBySchema1);
  known.set(spec, hashes);
  return hashes;
}

const known = new WeakMap<ApplicationSpec, ReadonlyMap<string, SpecHash>>();

/**
 * An application that an older release wrote down, with the hashes of today. What a moved tag has made has more in its hash
 * than its container, and no release of schema 1 wrote it down.
 */
export function withCurrentHashes(spec: ApplicationSpec): ApplicationSpec {
  if (spec.services.some(({ rolledFrom }) => rolledFrom !== undefined)) return spec;
  const hashes = hashServices(spec.services);
  const services = spec.services.map((service) => ({
    ...service,
    hash: hashes.get(service.name) ?? service.hash,
  }));
  return { ...spec, services };
}
