import type { ApplicationSpec } from '../model/application.ts';
import { digestIn, familiarReference, withoutDigest } from '../model/image.ts';
import type { ApplicationRecord } from '../model/journal-state.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import type { ObservedImage } from '../model/observation.ts';
import { versionsOf } from '../model/variants.ts';
import { pinnedImage } from './image-pins.ts';
import { mountedImages } from './preflight.ts';
import type { World } from './world.ts';

/**
 * Tells whether a version of anything on the fleet needs an image: what the commit asks for, last-known-good, the newest
 * `keep` versions of each service, and what a tag means by now.
 */
export function imageNeeds(
  { desired, journal }: World,
  keep: number,
): (image: ObservedImage) => boolean {
  const names = new Set<string>();
  const digests = new Set<string>();
  const need = (reference: string): void => {
    const digest = digestIn(reference);
    if (digest === null) names.add(familiarReference(reference));
    else digests.add(digest);
  };
  for (const spec of desired.applications) {
    referencesOf(spec, journal.applications.get(spec.name)).forEach(need);
  }
  for (const record of journal.applications.values()) {
    if (record.lastKnownGood !== null) {
      referencesOf(record.lastKnownGood.spec, record).forEach(need);
    }
    for (const digest of keptDigests(record, keep)) digests.add(digest);
  }
  return (image) =>
    image.tags.some((tag) => names.has(tag)) ||
    image.digests.some((each) => digests.has(digestIn(each) ?? ''));
}

/** Each tag, and the digest that it was pinned to. */
function referencesOf(
  { services }: ApplicationSpec,
  record: ApplicationRecord = emptyApplicationRecord,
): readonly string[] {
  return services
    .flatMap(versionsOf)
    .flatMap((service) => [
      withoutDigest(service.container.image),
      service.container.image,
      pinnedImage(record, service),
      ...(service.rolledFrom === undefined ? [] : [service.rolledFrom.image]),
      ...mountedImages(service),
    ]);
}

function keptDigests({ pins = [], tags = {} }: ApplicationRecord, keep: number): readonly string[] {
  const newest = pins.filter(({ service }, index) => {
    const newer = pins.slice(index + 1).filter((each) => each.service === service);
    return newer.length < keep;
  });
  return [
    ...newest.flatMap(({ digest, rolled }) => (rolled === null ? [digest] : [digest, rolled])),
    ...Object.values(tags),
  ];
}
