import type { ServiceSpec } from '../model/application.ts';
import { digestIn, digestsOf, familiarReference, findImage, withDigest } from '../model/image.ts';
import { lookupKey, notAsked } from '../model/lookup.ts';
import type { HostName } from '../model/names.ts';
import type { ReachableHost } from '../model/observation.ts';
import type { ApplicationContext } from './application-context.ts';
import { isServiceProven } from './application-context.ts';
import { inAll, pinnedImage } from './image-pins.ts';
import { rolloutKey } from './target.ts';

/** How long an answer of a registry is good enough for a decision. */
const freshMs = 60_000;

/**
 * The image that a version is made from on these hosts. Once all of them have what the tag means, the digest that they have
 * in common is pinned, for now and for all that is made of this version later. Where they have different ones, since the tag
 * moved between two pulls, the registry is asked which is right; null as long as it is.
 *
 * What was loaded by hand has no digest, and is used as it is. Where the manifest says `pull_policy: always`, a version
 * begins with what the registry says, and waits for it.
 */
export function chooseImage(
  context: ApplicationContext,
  service: ServiceSpec,
  hosts: readonly ReachableHost[],
): string | null {
  const { record, draft, application } = context;
  const image = pinnedImage(record, service);
  const isSettled = digestIn(image) !== null || service.pullPolicy === 'never';
  if (isSettled || hosts.length === 0) return image;
  const digests = hosts.map(({ images }) => {
    const there = findImage(images, image);
    return there === undefined ? [] : digestsOf(there, image);
  });
  const isAsked = service.pullPolicy === 'always';
  if (!isAsked && digests.some((list) => list.length === 0)) return image;
  const [common] = isAsked ? [] : inAll(digests);
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
  context: ApplicationContext,
  service: ServiceSpec,
  hosts: readonly ReachableHost[],
): string {
  const { world, record, draft, application, target } = context;
  const image = familiarReference(service.container.image);
  const key = lookupKey(application, image);
  const lookup = world.lookups.get(key) ?? notAsked;
  const { isUnderWay, answeredAt, failure, failures, retryAt } = lookup;
  const known = record.tags?.[image];
  const place = { service: service.name, slot: '', host: null };
  const { rollout } = record;
  const begun = rollout?.key === rolloutKey(target.spec) ? rollout.startedAt : null;
  if (service.pullPolicy === 'always' && begun === null && !isServiceProven(context, service)) {
    draft.wait('turn', place, 'its rollout begins first');
    return 'asked';
  }
  // What was asked before the version came says nothing about it.
  const since = Math.max(begun ?? 0, world.now - freshMs + 1);
  if (answeredAt !== null && answeredAt >= since && known !== undefined) return known;
  if (failures > 0 && world.now < retryAt) {
    const isNeeded = service.pullPolicy === 'always' && failure !== null;
    if (!isNeeded || isServiceProven(context, service)) return 'unknown';
    draft.block(service.name, '', failure.reason, failure.message, failure.class);
    draft.wait('retry', place, 'the registry is asked again', retryAt);
    return 'asked';
  }
  draft.wait('image', place, `the registry is asked what "${image}" means`);
  const names = hosts.map(({ host }): HostName => host).toSorted();
  const host = names[failures % names.length];
  if (!isUnderWay && host !== undefined) draft.lookups.push({ key, host, application, image });
  return 'asked';
}
