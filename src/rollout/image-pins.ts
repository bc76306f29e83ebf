import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import { hashRolled } from '../model/hash.ts';
import { digestIn, digestsOf, withDigest } from '../model/image.ts';
import type { ApplicationRecord, ImagePin } from '../model/journal-state.ts';
import type { HostName } from '../model/names.ts';
import type { HostObservation } from '../model/observation.ts';
import { mapVersions } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';

/** The digest that a version of a service is made with; null when none is known. */
export function pinOf(record: ApplicationRecord, service: ServiceSpec): ImagePin | null {
  const { name, hash } = service;
  const pin = record.pins?.find((each) => each.service === name && each.hash === hash);
  return pin ?? null;
}

/** The image that an instance of a service is made from: with the digest of its version, where that is known. */
export function pinnedImage(record: ApplicationRecord, service: ServiceSpec): string {
  const { image } = service.container;
  const isOpen = digestIn(image) === null && service.pullPolicy !== 'never';
  const pin = isOpen ? pinOf(record, service) : null;
  return pin === null ? image : withDigest(image, pin.digest);
}

/** A service whose tag has moved, as it is rolled out: with the digest in its image and in its hash. */
export function rolledService(service: ServiceSpec, digest: string): ServiceSpec {
  const { container } = service;
  return {
    ...service,
    container: { ...container, image: withDigest(container.image, digest) },
    hash: hashRolled(service.hash, digest),
    rolledFrom: { image: container.image, hash: service.hash },
  };
}

/** An application as its manifest has it, whatever moved tags were rolled out since. */
export function asWritten(spec: ApplicationSpec): ApplicationSpec {
  return {
    ...spec,
    services: spec.services.map((service) => mapVersions(service, versionAsWritten)),
  };
}

function versionAsWritten(service: ServiceSpec): ServiceSpec {
  const { rolledFrom, ...others } = service;
  if (rolledFrom === undefined) return service;
  const { image, hash } = rolledFrom;
  return { ...others, container: { ...service.container, image }, hash };
}

/**
 * The digest that the instances of a service have in common, as their hosts tell it: for a version that was made before
 * digests were pinned, or when the journal is lost.
 */
export function recoverPin(
  service: ServiceSpec,
  instances: readonly Instance[],
  observations: ReadonlyMap<HostName, HostObservation>,
): ImagePin | null {
  const { name, hash } = service;
  const own = instances.filter(({ identity }) => identity.service === name);
  const ofVersion = own.filter((instance) => instance.hash === hash);
  const found = ofVersion.map((instance) => digestsOfInstance(service, instance, observations));
  const [digest] = inAll(found);
  if (digest !== undefined) return { service: name, hash, digest, rolled: null };
  if (ofVersion.length > 0) return null;
  const rolled = own
    .flatMap((instance) => {
      const made = digestIn(instance.container.spec.image);
      return made !== null && instance.hash === hashRolled(hash, made) ? [made] : [];
    })
    .at(0);
  return rolled === undefined ? null : { service: name, hash, digest: rolled, rolled };
}

/** What is in every one of several lists, in the order of the first. */
export function inAll(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists;
  return first.filter((each) => others.every((list) => list.includes(each)));
}

function digestsOfInstance(
  service: ServiceSpec,
  { container }: Instance,
  observations: ReadonlyMap<HostName, HostObservation>,
): readonly string[] {
  const made = digestIn(container.spec.image);
  if (made !== null) return [made];
  const host = observations.get(container.host);
  if (host?.kind !== 'reachable') return [];
  const image = host.images.find(({ id }) => id === container.imageId);
  return image === undefined ? [] : digestsOf(image, service.container.image);
}
