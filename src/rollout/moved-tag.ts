import { digestIn, familiarReference } from '../model/image.ts';
import type { Difference } from '../drift/assess-instance.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationContext } from './application-context.ts';
import { pinOf } from './image-pins.ts';
import { tagMovedPolicy } from './moved-tags.ts';
import type { SlotView } from './slot-view.ts';

/**
 * The difference between the image that an instance was made from and the one that its tag means by now; null when there is
 * none, or none is looked for. It is no trouble of the instance: what the commit asked for runs.
 */
export function movedTag(
  { world, record, desired, target }: ApplicationContext,
  { service }: SlotView,
  { container }: Instance,
): Difference | null {
  const asked = desired.services.find(({ name }) => name === service.name);
  const policy = asked === undefined ? 'ignore' : tagMovedPolicy(world.desired.fleet, asked);
  const image = service.rolledFrom?.image ?? service.container.image;
  if (policy === 'ignore' || digestIn(image) !== null) return null;
  const means = record.tags?.[familiarReference(image)];
  const made = digestIn(container.spec.image) ?? pinOf(record, service)?.digest;
  if (means === undefined || made === undefined || means === made) return null;
  const hasFailed = target.failed.some((failed) => failed.service === service.name);
  return {
    class: 'tag-moved',
    path: 'image',
    desired: means,
    observed: made,
    remedy: { kind: 'none' },
    note: noteOf(image, policy, hasFailed),
  };
}

function noteOf(image: string, policy: 'report' | 'roll', hasFailed: boolean): string {
  const moved = `the tag of "${image}" has moved`;
  if (policy === 'report') return `${moved}: the version of the commit goes on`;
  return hasFailed ? `${moved}, and what it means now has failed` : `${moved}: it is rolled out`;
}
