import type { UpdatePolicy } from '../model/application.ts';
import { versionsOf } from '../model/variants.ts';
import type { ApplicationContext, ServiceViews } from './application-context.ts';
import { isServiceProven } from './application-context.ts';

/**
 * The knobs that a change of a service obeys: those of `rollback_config` while it goes back from a revision that has not
 * proved itself to the one that has, whether a failure or a revert commit asks for it; else those of `update_config`.
 */
export function policyOf(context: ApplicationContext, views: ServiceViews): UpdatePolicy {
  const { service, slots } = views;
  if (!isServiceProven(context, service)) return service.update;
  const hashes = new Set(versionsOf(service).map(({ hash }) => hash));
  const isUndone = slots.some(({ others }) => others.some(({ hash }) => !hashes.has(hash)));
  return isUndone ? service.rollback : service.update;
}
