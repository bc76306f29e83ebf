import type { Instance } from '../drift/identify.ts';
import type { Decision } from '../rollout/decide.ts';

/** What somebody asks about: an application, or a part of it. */
export interface WhyTarget {
  readonly application: string;
  /** Null: all of them. */
  readonly service: string | null;
  readonly slot: string | null;
  /** Set when a container was named. */
  readonly instance: Instance | null;
}

/** So much of an id tells one container from another. */
const shortestId = 6;

/** A container by name or id, or a path like `shop/web/1`; null: there is no such thing. */
export function findTarget(
  text: string,
  { applications }: Pick<Decision, 'applications'>,
  instances: readonly Instance[],
): WhyTarget | null {
  const isNamed = ({ container: { id, name } }: Instance): boolean =>
    name === text || (text.length >= shortestId && id.startsWith(text));
  const instance = instances.find(isNamed);
  if (instance !== undefined) {
    const { application, service, slot } = instance.identity;
    return { application, service, slot, instance };
  }
  const [application = '', service = null, slot = null, ...more] = text.split('/');
  if (more.length > 0) return null;
  const places = [
    ...applications.flatMap((one) => [
      { application: one.application, service: null, slot: null },
      ...one.services.map((each) => ({
        application: one.application,
        service: each.service,
        slot: null,
      })),
      ...one.slots.map((each) => ({ ...each, application: one.application })),
    ]),
    ...instances.map(({ identity }) => identity),
  ];
  const isThere = places.some(
    (place) =>
      place.application === application &&
      (service === null || place.service === service) &&
      (slot === null || place.slot === slot),
  );
  return isThere ? { application, service, slot, instance: null } : null;
}
