import type { ContainerSpec, PortSpec, Resources } from './container.ts';
import type { Gate } from './application.ts';
import type { SpecHash } from './names.ts';
import { toSpecHash } from './names.ts';
import { present } from './present.ts';
import { digestOf } from './digest.ts';

/**
 * Version of the rules below. A new release that changes what a hash covers takes the next number and keeps reading
 * the old one, so that it recreates nothing; test/unit/model/hash.test.ts holds the golden values.
 */
export const hashSchema = 1;

/**
 * The hash of a resolved container. It covers all that would make the engine create a different container, with the
 * bytes of its files, and leaves out what may change under a running one: the restart policy (our promotion bit),
 * replicas, placement and the knobs of the rollout.
 */
export function hashContainer(spec: ContainerSpec, gate: Gate): SpecHash {
  const { restart: _restart, ...hashed } = spec;
  const resources = hashedResources(spec.resources);
  const port = gatePort(spec, gate)?.target ?? null;
  return toSpecHash(digestOf({ ...hashed, resources, gatePort: port }));
}

/**
 * Limits that the engine changes in place, but cannot take away: the hash covers that they are there, not how high they
 * are. Memory, CPUs and pids are older than this rule, and their values stay covered until there is another hashSchema;
 * that of swap is covered since a host without accounting of swap does not show it.
 */
function hashedResources(resources: Resources): object {
  const { cpuPeriod, cpuShares, cpuset, blockWeight, ...valued } = resources;
  const live = { blockWeight, cpuPeriod, cpuShares, cpuset };
  const set = Object.keys(present(live)).toSorted();
  return set.length === 0 ? valued : { ...valued, set };
}

/**
 * The hash of a job. It also covers the services of its application, for a job runs once per version of them: whenever
 * one of them changes, the job is a new one.
 *
 * @param own hash of the job's own container
 * @param services hashes of the services that are not jobs, by name
 */
export function hashJob(own: SpecHash, services: Readonly<Record<string, SpecHash>>): SpecHash {
  return toSpecHash(digestOf({ own, services }));
}

/**
 * The port that the gate's probe needs and that the manifest does not publish: it is published on a free port of the
 * host's address, since the operator can reach nothing else of a container on another host.
 */
export function gatePort(spec: ContainerSpec, gate: Gate): PortSpec | null {
  const probe = gate.probe;
  if (probe === null) return null;
  const published = spec.ports.some(
    (port) => port.target === probe.port && port.protocol === 'tcp',
  );
  return published ? null : { target: probe.port, protocol: 'tcp', hostIp: '', published: '' };
}
