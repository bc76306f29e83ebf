import type { AdoptionSpec } from '../model/adoption.ts';
import { composeLabels } from '../model/adoption.ts';
import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import { globalSlot, label, slotKey } from '../model/labels.ts';
import { toSpecHash } from '../model/names.ts';
import type { ObservedContainer } from '../model/observation.ts';
import { serviceOn } from '../model/variants.ts';
import type { Difference } from '../drift/assess-instance.ts';
import { networkPath } from '../drift/compare-networks.ts';
import { assessInstance } from '../drift/assess-instance.ts';
import type { Instance } from '../drift/identify.ts';
import { adoptedIdentity } from '../drift/identify.ts';
import { imageDefaults } from './differences.ts';
import type { World } from './world.ts';

/** A container that somebody else made, with the slot that it is to fill. */
export interface Claim {
  readonly service: ServiceSpec;
  readonly slot: string;
  readonly key: string;
  readonly container: ObservedContainer;
  /** How it is not as the service asks; where one has the remedy `replace`, it cannot be taken on as it is. */
  readonly differences: readonly Difference[];
}

/** All containers that the manifest of an application names, by what they are to it. Each is in exactly one list. */
export interface Claims {
  readonly claims: readonly Claim[];
  /** Their slot has an instance already. */
  readonly superseded: readonly Claim[];
  /** No service of the manifest is theirs. */
  readonly unclaimed: readonly ObservedContainer[];
}

/** Tells which slots the containers of an application fill. `taken` holds the keys of slots that have an instance. */
export function claimsOf(
  world: World,
  spec: ApplicationSpec,
  adopt: AdoptionSpec,
  strangers: readonly ObservedContainer[],
  taken: ReadonlySet<string>,
): Claims {
  const named = strangers.flatMap((container) => candidateOf(adopt, container) ?? []);
  const lasting = spec.services.filter(({ job }) => job === null);
  const slots = lasting.flatMap((service) => {
    const own = named.filter((candidate) => candidate.service === service.name);
    return fillSlots(spec.name, service, own, taken);
  });
  const claims = slots.map(({ service: asked, slot, container, isSurplus }): Claim => {
    const service = serviceOn(asked, container.host);
    const key = slotKey({ application: spec.name, service: service.name, slot });
    const differences = [
      ...(isSurplus ? [surplusDifference(service)] : []),
      ...differencesOfClaim(world, key, container, service),
    ];
    return { service, slot, key, container, differences };
  });
  const claimed = new Set(claims.map(({ container }) => container.id));
  return {
    claims: claims.filter(({ key }) => !taken.has(key)),
    superseded: claims.filter(({ key }) => taken.has(key)),
    unclaimed: named.map(({ container }) => container).filter(({ id }) => !claimed.has(id)),
  };
}

/** Whether nothing of it would have to be made anew. */
export function isAdoptable({ differences }: Claim): boolean {
  return differences.every(({ remedy }) => remedy.kind !== 'replace');
}

interface Candidate {
  readonly container: ObservedContainer;
  readonly service: string;
  readonly number: number;
}

function candidateOf(adopt: AdoptionSpec, container: ObservedContainer): Candidate | null {
  if (adopt.host !== null && container.host !== adopt.host) return null;
  for (const [service, names] of Object.entries(adopt.containers)) {
    const index = names.indexOf(container.name);
    if (index >= 0) return { container, service, number: index + 1 };
  }
  const { labels } = container;
  if (labels[label.composeProject] !== adopt.composeProject) return null;
  const service = labels[label.composeService] ?? '';
  // What Compose made for a service that is named container by container is only looked at when it is one of them.
  if (adopt.containers[service] !== undefined) return null;
  const number = Number(labels[label.composeNumber] ?? '1');
  return Number.isSafeInteger(number) && number > 0 ? { container, service, number } : null;
}

interface FilledSlot {
  readonly service: ServiceSpec;
  readonly slot: string;
  readonly container: ObservedContainer;
  readonly isSurplus: boolean;
}

/** The number that Compose gave is the slot; one beyond the replicas takes the first slot that is left. */
function fillSlots(
  application: string,
  service: ServiceSpec,
  candidates: readonly Candidate[],
  taken: ReadonlySet<string>,
): readonly FilledSlot[] {
  const sorted = candidates.toSorted(
    (a, b) => a.number - b.number || (a.container.id < b.container.id ? -1 : 1),
  );
  if (service.mode === 'global') {
    return sorted.map(({ container }) => ({
      service,
      slot: globalSlot(container.host),
      container,
      isSurplus: false,
    }));
  }
  const isTaken = (slot: string): boolean =>
    taken.has(slotKey({ application, service: service.name, slot }));
  const within = sorted.filter(({ number }) => number <= service.replicas);
  const used = new Set(within.map(({ number }) => number));
  const free = Array.from({ length: service.replicas }, (_, index) => index + 1).filter(
    (number) => !used.has(number) && !isTaken(String(number)),
  );
  return sorted.map(({ container, number }) => {
    const isWithin = number <= service.replicas;
    const slot = isWithin ? number : free.shift();
    const isSurplus = slot === undefined;
    return { service, slot: String(slot ?? number), container, isSurplus };
  });
}

function surplusDifference({ replicas }: ServiceSpec): Difference {
  return {
    class: 'duplicate',
    path: 'deploy.replicas',
    desired: replicas,
    observed: null,
    remedy: { kind: 'replace' },
    note: 'the manifest asks for fewer instances',
  };
}

function differencesOfClaim(
  world: World,
  key: string,
  container: ObservedContainer,
  service: ServiceSpec,
): readonly Difference[] {
  const instance = adoptee(key, container, service);
  const image = imageDefaults(world, instance);
  if (image === null) return [imageDifference(container, service)];
  const { files } = service.container;
  const unseen: readonly Difference[] =
    files.length === 0
      ? []
      : [
          {
            class: 'immutable-field',
            path: 'configs',
            desired: files.map(({ target }) => target),
            observed: null,
            remedy: { kind: 'replace' },
            note: 'what the files in it hold cannot be seen',
          },
        ];
  const more = networkDifferences(instance, service);
  const isSaid = new Set(more.map(({ path }) => path));
  const others = assessInstance(instance, service, image).filter(({ path }) => !isSaid.has(path));
  return [...unseen, ...more, ...others];
}

/** What it is attached to beyond what is asked for, its successor would not be. */
function networkDifferences(
  { container: { spec }, identity }: Instance,
  { container }: ServiceSpec,
): readonly Difference[] {
  const wanted = new Set(container.networks.map(({ network }) => network));
  return spec.networks
    .filter(({ network }) => !wanted.has(network))
    .map(({ network, aliases }) => ({
      class: 'network',
      path: networkPath(identity.application, network),
      desired: null,
      observed: aliases,
      remedy: { kind: 'replace' },
      note: 'the manifest does not attach it to this network',
    }));
}

function adoptee(key: string, container: ObservedContainer, service: ServiceSpec): Instance {
  const adopted = { hash: service.hash, labels: composeLabels(container.labels) };
  const identity = adoptedIdentity(key, adopted);
  const { hash } = service;
  return { container, identity, hash, slotKey: key, renamed: false, known: false, adopted };
}

/** Without its image nobody can tell what it took from there, and what somebody asked for. */
function imageDifference(container: ObservedContainer, service: ServiceSpec): Difference {
  return {
    class: 'immutable-field',
    path: 'image',
    desired: service.container.image,
    observed: container.spec.image,
    remedy: { kind: 'replace' },
    note: 'the image that it was made from is not on its host any more',
  };
}

/** A hash that no service has: what differs from all that is asked for. */
export function differingHash(container: ObservedContainer): ReturnType<typeof toSpecHash> {
  return toSpecHash(`adopted-${container.id}`);
}
