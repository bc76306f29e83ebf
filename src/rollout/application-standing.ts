import type { ApplicationSpec, ServiceSpec } from '../model/application.ts';
import type { ApplicationRecord } from '../model/journal-state.ts';
import { serviceOn } from '../model/variants.ts';
import type { Instance } from '../drift/identify.ts';
import type { ApplicationDecision } from './decide-application.ts';
import type { ApplicationStanding } from './hold-changes.ts';
import { isChanging } from './is-changing.ts';

/**
 * How an application stands after it was decided on, for those that wait for it.
 *
 * @param spec what the commit asks for
 * @param instances of this application
 */
export function standingOf(
  decision: ApplicationDecision,
  spec: ApplicationSpec,
  record: ApplicationRecord,
  instances: readonly Instance[],
): ApplicationStanding {
  const { target, hold, suspended } = decision;
  const { mode } = target;
  const changing = isChanging(spec, record) || record.rollout !== null;
  const isReady = decision.conditions.some(({ type, status }) => type === 'Ready' && status);
  // While it is suspended it is not said to be ready, but it may well be as the commit asks.
  const ready = mode === 'desired' && (suspended ? !changing && isAvailable(decision) : isReady);
  const services = new Map(spec.services.map((service) => [service.name, service]));
  const isEach = (isSo: (instance: Instance) => boolean, least: 'one' | 'all'): boolean =>
    mode === 'desired' &&
    decision.services.every(({ service, desired }) => {
      const enough = least === 'all' ? desired : Math.min(1, desired);
      return slotsWith(instances, services.get(service), isSo) >= enough;
    });
  return {
    mode,
    ready,
    converged: ready && (spec.rolloutGroup === null || !isChanging(spec, record)),
    started: isEach(hasStarted, 'one'),
    completed: isEach(hasCompleted, 'all'),
    failed: failureOf(decision),
    blocked: hold?.kind === 'blocked' ? hold.message : null,
    changing,
    suspended,
  };
}

function isAvailable({ services }: ApplicationDecision): boolean {
  return services.every(({ desired, available }) => available >= desired);
}

/** The number of slots of a service with an instance as it asks of which something is so. */
function slotsWith(
  instances: readonly Instance[],
  service: ServiceSpec | undefined,
  isSo: (instance: Instance) => boolean,
): number {
  if (service === undefined) return 0;
  const found = instances.filter(
    (instance) =>
      instance.identity.service === service.name &&
      instance.hash === serviceOn(service, instance.container.host).hash &&
      isSo(instance),
  );
  return new Set(found.map(({ slotKey }) => slotKey)).size;
}

function hasStarted({ container }: Instance): boolean {
  return container.startedAt !== null;
}

function hasCompleted({ container }: Instance): boolean {
  return container.state === 'exited' && container.exitCode === 0;
}

function failureOf({ target }: ApplicationDecision): string | null {
  const [failed] = target.failed;
  if (failed === undefined) return null;
  const whose = target.failedWith === null ? '' : `its group failed: ${target.failedWith}/`;
  return `${whose}${failed.service}: ${failed.message}`;
}
