import type { Plan, Step as StepDocument } from '../generated/plan.ts';
import type { DesiredState } from '../model/desired.ts';
import type { Step } from '../model/step.ts';
import { isRestart } from '../rollout/change-in-place.ts';
import { orderOfVersions } from '../rollout/order.ts';
import { planHash } from '../rollout/plan-hash.ts';
import type { Prediction } from '../rollout/predict.ts';
import { adoptionDocuments } from './adoption-document.ts';
import { describeAction } from './describe-step.ts';
import { heldDocument } from './held-document.ts';
import { hostNotes } from './host-notes.ts';
import { revisionDocument } from './revision-document.ts';

/** The plan as a document: schemas/plan.schema.json. */
export function planDocument(desired: DesiredState, prediction: Prediction): Plan {
  const steps = prediction.waves.flatMap((wave, index) =>
    wave.map((step) => stepDocument(step, index + 1)),
  );
  const isNothing = steps.every(({ action }) => action === 'remove-image');
  const scaled = scaledServices(prediction);
  const adoptions = adoptionDocuments(prediction.first.adoptions);
  const isAdopting = adoptions.some(({ outcome }) => outcome === 'adopted');
  return {
    version: 1,
    revision: revisionDocument(desired.revision),
    hash: planHash(prediction),
    inSync: isNothing && !isAdopting && prediction.last.settled,
    adoptions,
    steps,
    unavailability: prediction.lowest.map(({ application, service, ...numbers }) => ({
      application,
      service,
      ...numbers,
      reason:
        whyRestarted(prediction, application, service) || whyLower(desired, application, service),
    })),
    ...(scaled.length === 0 ? {} : { scaled }),
    blocked: blockedOf(prediction),
    hostNotes: hostNotes(prediction.first, prediction.start.now).map((note) => ({ ...note })),
    held: heldDocument(prediction.last.prune.held),
  };
}

function stepDocument(step: Step, wave: number): StepDocument {
  const { host, application, service, slot, action, cause } = step;
  return {
    wave,
    host,
    application,
    service,
    slot,
    action: action.kind,
    ...describeAction(action),
    cause: {
      commit: cause.commit,
      origin: cause.origin,
      path: cause.path,
      reason: cause.reason,
      changes: cause.changes.map(({ path, from, to }) => ({
        path,
        from: plain(from),
        to: plain(to),
      })),
    },
  };
}

function plain(
  value: string | number | boolean | null | readonly string[],
): string | number | boolean | null | string[] {
  return typeof value === 'object' && value !== null ? [...value] : value;
}

function whyRestarted({ waves }: Prediction, application: string, service: string): string {
  const isIt = (step: Step): boolean =>
    step.application === application && step.service === service && isRestart(step.action);
  return waves.flat().some(isIt) ? 'its instances restart with other files, as onChange asks' : '';
}

function whyLower(desired: DesiredState, application: string, service: string): string {
  const spec = desired.applications
    .find(({ name }) => name === application)
    ?.services.find(({ name }) => name === service);
  if (spec === undefined) return '';
  const { order, reason } = orderOfVersions(spec, spec.update, spec.replicas);
  if (reason !== '') return `stop-first: ${reason}`;
  return order === 'stop-first' ? 'stop-first, as the manifest asks' : '';
}

function scaledServices({ last }: Prediction): NonNullable<Plan['scaled']> {
  return last.applications.flatMap(({ application, services }) =>
    services.flatMap(({ service, desired: replicas, autoscale }) => {
      if (autoscale === undefined) return [];
      const { min, max } = autoscale;
      return [{ application, service, replicas, min, max }];
    }),
  );
}

function blockedOf({ last }: Prediction): Plan['blocked'] {
  return last.applications.flatMap(({ application, conditions }) =>
    conditions
      .filter(({ type, status }) => type === 'Stalled' && status)
      .map(({ reason, message }) => ({ application, reason, message })),
  );
}
