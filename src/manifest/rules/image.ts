import { child, complainAtKey, isEmptyOrNull } from '../cursor.ts';
import type { Rule } from './rule.ts';

/** Keys that say in another way where the image comes from; they are refused by themselves. */
const substitutes = ['build', 'provider'];

/** Every service names an image: nothing is built on the way to a host. */
export const imageIsNamed: Rule = ({ services }) => {
  for (const [name, service] of services) {
    if (!isEmptyOrNull(child(service, 'image'))) continue;
    if (substitutes.some((key) => !isEmptyOrNull(child(service, key)))) continue;
    complainAtKey(
      service,
      'missing-image',
      `service "${name}" has no image`,
      'Name one with image:, best with its digest',
    );
  }
};
