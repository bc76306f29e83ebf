import type { ServiceSpec } from '../model/application.ts';
import type { ApplicationContext, ServiceViews } from './application-context.ts';
import { isServiceProven, isSettled } from './application-context.ts';
import { countedSlots } from './counted-slots.ts';

/** What keeps a service of a new version waiting for a job, or a job for the services, in words; null: nothing. */
export function unmetJob(context: ApplicationContext, service: ServiceSpec): string | null {
  if (isFirst(service)) return null;
  const jobs = context.views.filter((one) => isFirst(one.service));
  const first = jobs.find(({ slots }) => !slots.every(isSettled));
  if (first !== undefined) return `job "${first.service.name}" runs first`;
  if (service.job === null || service.job.of !== undefined) return null;
  const open = context.views.find((one) => one.service.job === null && !isInPlace(context, one));
  return open === undefined ? null : `it runs when service "${open.service.name}" is in place`;
}

/** A job before all services; a hook is before its own, which waits for it. */
function isFirst({ job }: ServiceSpec): boolean {
  return job?.when === 'before' && job.of === undefined;
}

function isInPlace({ world }: ApplicationContext, views: ServiceViews): boolean {
  return views.stage === null && countedSlots(world, views).every(isSettled);
}

/**
 * Whether a job has a slot: it runs once per version. What has proved itself has run, so that neither a rollback nor a
 * lost container runs it again; the container that did it is kept as a record until the next version.
 */
export function jobSlots(
  context: Pick<ApplicationContext, 'record' | 'instances' | 'application'>,
  service: ServiceSpec,
): readonly string[] {
  const instances = context.instances.get(`${context.application}/${service.name}/1`) ?? [];
  const isThere = instances.some(({ hash }) => hash === service.hash);
  return isThere || !isServiceProven(context, service) ? ['1'] : [];
}
