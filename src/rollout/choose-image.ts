import type { ServiceSpec } from '../model/application.ts';
import { digestIn, digestsOf, familiarReference, findImage, withDigest } from '../model/image.ts';
import { lookupKey, notAsked } from '../model/lookup.ts';
import type { HostName } from '../model/names.ts';
import type { ReachableHost } from '../model/observation.ts';
import type { ApplicationContext } from './application-context.ts';
import { inAll, pinnedImage } from './image-pins.ts';

/** How long an answer of a registry is good enough for a decision. */
const freshMs = 60_000;

/**
 * The image that a version is made from on these hosts. Once all of them have what the tag means, the digest that they have
 * in common is pinned, for now and for all that is made of this version later. Where they have different ones, since the tag
 * moved between two pulls, the registry is asked which is right; null as long as it is.
 *
 * What was loaded by hand has no digest, and is used as it is.
 */
export function chooseImage(
  context: ApplicationContext,
  service: ServiceSpec,
  hosts: readonly ReachableHost[],
): string | null {
  const { record, draft, application } = context;
  const image = pinnedImage(record, service);
  if (digestIn(image) !== null || hosts.length === 0) return image;
  const there = hosts.map(({ images }) => findImage(images, image));
  const digests = there.map((each) => (each === undefined ? [] : digestsOf(each, image)));
  if (digests.some((list) => list.length === 0)) return image;
  const [common] = inAll(digests);
  const digest = common ?? answerOf(context, service, hosts);
  if (digest === 'asked') return null;
  if (digest === 'unknown') return image;
  const { name, hash } = service;
  const pin = { service: name, hash, digest, rolled: null };
  draft.entries.push({ kind: 'image-pinned', application, pin });
  return withDigest(image, digest);
}

/** What the registry says that the tag means; `unknown` when it does not answer. */
function answerOf(
  { world, record, draft, application }: ApplicationContext,
  service: ServiceSpec,
  hosts: readonly ReachableHost[],
): string {
  const image = familiarReference(service.container.image);
  const key = lookupKey(application, image);
  const { isUnderWay, answeredAt, failures, retryAt } = world.lookups.get(key) ?? notAsked;
  const known = record.tags?.[image];
  const isFresh = answeredAt !== null && world.now - answeredAt < freshMs;
  if (isFresh && known !== undefined) return known;
  if (failures > 0 && world.now < retryAt) return 'unknown';
  const place = { service: service.name, slot: '', host: null };
  draft.wait('image', place, `the registry is asked what "${image}" means`);
  const names = hosts.map(({ host }): HostName => host).toSorted();
  const host = names[failures % names.length];
  if (!isUnderWay && host !== undefined) draft.lookups.push({ key, host, application, image });
  return 'asked';
}
