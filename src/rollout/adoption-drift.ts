import type { DriftItem } from '../model/drift.ts';
import { originOf } from '../model/origin.ts';
import type { ApplicationContext } from './application-context.ts';
import type { Claim } from './claims.ts';
import type { Adoption } from './decide-adoption.ts';
import type { World } from './world.ts';

/**
 * How an application differs as long as its adoption is refused: nothing is healed, and what fills its slots are
 * containers that are not ours.
 */
export function refusedDrift(
  context: ApplicationContext,
  { claims }: Adoption,
  items: readonly DriftItem[],
): readonly DriftItem[] {
  const claimed = new Set(claims.map(({ service, slot }) => `${service.name}/${slot}`));
  const others = items
    .filter(({ service, slot }) => !claimed.has(`${service}/${slot}`))
    .map((item) => ({ ...item, action: 'report' as const, note: held }));
  return [...claims.flatMap((claim) => itemsOf(context, claim)), ...others];
}

/** What claims a slot that has an instance of our own: it runs, and nobody asks for it. */
export function supersededDrift(
  { desired }: Pick<World, 'desired'>,
  { application, superseded }: Adoption,
): readonly DriftItem[] {
  const spec = desired.applications.find(({ name }) => name === application);
  return superseded.map(({ service, slot, container }) => ({
    application,
    service: service.name,
    slot,
    host: container.host,
    container: container.name,
    containerId: container.id,
    class: 'duplicate',
    severity: 'warning',
    path: '',
    desired: null,
    observed: container.name,
    origin: spec?.adopt?.origin ?? null,
    commit: desired.revision.commit,
    action: 'report',
    note: 'its slot has an instance already: it is left alone until "adopt --replace"',
  }));
}

const held = 'nothing is done before it is decided what becomes of the containers to adopt';

function itemsOf(context: ApplicationContext, claim: Claim): readonly DriftItem[] {
  const { application, target } = context;
  const { service, slot, container, differences } = claim;
  return differences.map(({ path, desired, observed, class: kind }) => ({
    application,
    service: service.name,
    slot,
    host: container.host,
    container: container.name,
    containerId: container.id,
    class: kind,
    severity: 'warning',
    path,
    desired,
    // The environment of what somebody else made may hold secrets that no manifest has.
    observed: path.startsWith('environment.') && observed !== null ? '(a value)' : observed,
    origin: originOf(service.origins, path) ?? target.spec.origin,
    commit: target.commit,
    action: 'report',
    note: 'it is not adopted, since it differs: it is left alone',
  }));
}
