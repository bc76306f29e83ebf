import type { DriftItem } from '../model/drift.ts';
import { originOf } from '../model/origin.ts';
import type { ApplicationContext } from './application-context.ts';
import type { Claim } from './claims.ts';
import type { Adoption } from './decide-adoption.ts';

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
