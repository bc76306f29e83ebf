import type { Gate, ServiceSpec, ServiceVariant } from './application.ts';
import type {
  ContainerSpec,
  FileMount,
  FileSpec,
  NetworkAttachment,
  PortSpec,
  Resources,
} from './container.ts';
import { liveStamps } from './file-stamps.ts';
import type { SpecHash } from './names.ts';
import { toSpecHash } from './names.ts';
import { present } from './present.ts';
import { primaryNetwork } from './primary-network.ts';
import { digestOf } from './digest.ts';

/**
 * Version of the rules below. A new release that changes what a hash covers takes the next number and keeps reading
 * the old ones (older-hashes.ts), so that it recreates nothing; test/unit/model/hash.test.ts holds the golden values.
 */
export const hashSchema = 2;

/**
 * The hash of a resolved container. It covers all that would make the engine create a different container, with the
 * bytes of its files, and leaves out what may change under a running one: the restart policy (our promotion bit), the
 * height of its limits, networks and aliases that can be added and taken away, how long it is given to stop, replicas,
 * placement and the knobs of the rollout.
 */
export function hashContainer(spec: ContainerSpec, gate: Gate): SpecHash {
  const { restart: _restart, stopGraceMs: _grace, resources, networks, ...hashed } = spec;
  const { fileMounts } = spec;
  return toSpecHash(
    digestOf({
      ...hashed,
      files: spec.files.map(hashedFile),
      ...(fileMounts === undefined ? {} : { fileMounts: fileMounts.map(hashedMount) }),
      resources: hashedResources(resources),
      networks: hashedNetworks(networks),
      gatePort: gatePort(spec, gate)?.target ?? null,
    }),
  );
}

/** Of a file that a running container takes in, it covers how, for that may decide how it is bound, and not the bytes. */
function hashedFile(file: FileSpec): object {
  const { onChange, content: _content, ...lasting } = file;
  return onChange === undefined ? file : { ...lasting, onChange: onChange.kind };
}

function hashedMount(mount: FileMount): object {
  return { ...mount, files: mount.files.map(hashedFile) };
}

/**
 * Limits that the engine changes in place, but cannot take away: the hash covers that they are there, not how high they
 * are. The one on processes can be taken away. A host without accounting of swap shows any limit of it as none, so that
 * there is none counts as another container.
 */
function hashedResources(resources: Resources): object {
  const { pids: _pids, memorySwapBytes, ...lasting } = resources;
  const set = Object.keys(present(lasting)).toSorted();
  return present({ set, swap: memorySwapBytes === undefined ? null : swapWord(memorySwapBytes) });
}

function swapWord(bytes: number): string {
  return bytes === -1 ? 'unlimited' : 'limited';
}

/**
 * The network that the container is created in, and those where it has more than aliases: an address that it is known by
 * does not change while it runs.
 */
function hashedNetworks(networks: readonly NetworkAttachment[]): object {
  const addressed = networks.map(({ aliases: _aliases, priority: _priority, ...rest }) => rest);
  return {
    primary: primaryNetwork(networks)?.network ?? null,
    addressed: addressed.filter((each) => Object.keys(present(each)).length > 1),
  };
}

/**
 * What of a container a commit may change in place, so that the hash does not tell: with other values the same version
 * may well do better, or worse.
 */
export function liveDigest(spec: ContainerSpec): string {
  const { resources, networks, files, fileMounts } = spec;
  const known = liveDigests.get(resources);
  const isSame = known?.networks === networks && known.files === files;
  if (isSame && known.fileMounts === fileMounts) return known.digest;
  const live = present({ files: liveStamps(spec) });
  const digest = digestOf({ resources, networks, ...live });
  liveDigests.set(resources, { networks, files, fileMounts, digest });
  return digest;
}

interface LiveDigest extends Pick<ContainerSpec, 'networks' | 'files'> {
  readonly fileMounts: ContainerSpec['fileMounts'];
  readonly digest: string;
}

const liveDigests = new WeakMap<Resources, LiveDigest>();

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

/** The hash of a service whose tag has moved and was rolled out: another digest is another version. */
export function hashRolled(own: SpecHash, digest: string): SpecHash {
  return toSpecHash(digestOf({ own, digest }));
}

type HashedService = Pick<ServiceSpec, 'name' | 'hash' | 'job' | 'dependsOn' | 'variants'>;

/**
 * The hashes of all services of an application, by name.
 *
 * @param hashOne the rules by which a container is hashed
 */
export function hashServices(
  services: readonly ServiceSpec[],
  hashOne: (spec: ContainerSpec, gate: Gate) => SpecHash = hashContainer,
): ReadonlyMap<string, SpecHash> {
  return combineHashes(
    services.map(({ name, container, gate, job, dependsOn }) => {
      return { name, job, dependsOn, hash: hashOne(container, gate) };
    }),
  );
}

/**
 * The hashes of all services of an application, by name. That of a service also covers those that it is to be restarted
 * with.
 *
 * @param services each with the hash of its own container
 */
function combineHashes(services: readonly HashedService[]): ReadonlyMap<string, SpecHash> {
  const lasting = new Map(
    services
      .filter(({ job }) => job === null)
      .map((service) => [service.name, { ...service, hash: withHooks(service, services) }]),
  );
  const combined = new Map<string, SpecHash>();
  for (const name of lasting.keys()) combine(name, lasting, combined);
  const all = Object.fromEntries(
    [...combined].map(([name, hash]) => [name, coveredHash({ ...lasting.get(name), hash })]),
  );
  for (const { name, job, hash } of services) {
    if (job === null) continue;
    const { of } = job;
    const covered = of === undefined ? all : { [of]: combined.get(of) ?? hash };
    combined.set(name, hashJob(hash, covered));
  }
  return combined;
}

/**
 * The services with these hashes in place of those of their own containers. Those of their variants cover what they are to
 * be restarted with too.
 */
export function withCombinedHashes(services: readonly ServiceSpec[]): readonly ServiceSpec[] {
  const hashes = combineHashes(services);
  return services.map(({ variants, ...service }) => {
    const combined = { ...service, hash: hashes.get(service.name) ?? service.hash };
    if (variants === undefined) return combined;
    const own = variants.map((variant) => {
      const others = services.map((each) => (each.name === service.name ? variant.service : each));
      const hash = combineHashes(others).get(service.name) ?? variant.service.hash;
      return { ...variant, service: { ...variant.service, hash } };
    });
    return { ...combined, variants: own.toSorted(byHash) };
  });
}

function byHash(a: ServiceVariant, b: ServiceVariant): number {
  const [one, other] = [`${a.service.hash} ${a.hosts[0]}`, `${b.service.hash} ${b.hosts[0]}`];
  return one < other ? -1 : 1;
}

/** What others cover of a service: with another variant it is another version as a whole. */
export function coveredHash({ hash, variants }: Pick<ServiceSpec, 'hash' | 'variants'>): SpecHash {
  if (variants === undefined) return hash;
  const hashes = variants.map(({ service }) => service.hash);
  return toSpecHash(digestOf({ own: hash, variants: [...new Set(hashes)].toSorted() }));
}

/** Those that it is to be restarted with come first. They form no cycle; in one, the own hash would have to do. */
function combine(
  name: string,
  services: ReadonlyMap<string, HashedService>,
  combined: Map<string, SpecHash>,
): SpecHash | undefined {
  const service = services.get(name);
  const known = combined.get(name);
  if (service === undefined || known !== undefined) return known;
  combined.set(name, service.hash);
  const others = service.dependsOn.filter(({ restart }) => restart === true);
  const restartedWith = present(
    Object.fromEntries(
      others.map((other) => [other.service, coveredBy(other.service, services, combined)]),
    ),
  );
  if (Object.keys(restartedWith).length > 0) {
    combined.set(name, toSpecHash(digestOf({ own: service.hash, restartedWith })));
  }
  return combined.get(name);
}

function coveredBy(
  name: string,
  services: ReadonlyMap<string, HashedService>,
  combined: Map<string, SpecHash>,
): SpecHash | null {
  const hash = combine(name, services, combined);
  return hash === undefined ? null : coveredHash({ ...services.get(name), hash });
}

/** With other pre_start hooks it is another version: what they do is done before its instances start. */
function withHooks({ name, hash }: HashedService, services: readonly HashedService[]): SpecHash {
  const hooks = services.filter(({ job }) => job?.of === name);
  if (hooks.length === 0) return hash;
  const preStart = Object.fromEntries(hooks.map((hook) => [hook.name, hook.hash]));
  return toSpecHash(digestOf({ own: hash, preStart }));
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
