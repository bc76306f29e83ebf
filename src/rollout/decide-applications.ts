import type { ApplicationSpec } from '../model/application.ts';
import type { ApplicationRecord } from '../model/journal-state.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import type { Instance } from '../drift/identify.ts';
import type { WantedPorts } from '../placement/wanted-ports.ts';
import { standingOf } from './application-standing.ts';
import type { Adoption } from './decide-adoption.ts';
import type { ApplicationDecision } from './decide-application.ts';
import { decideApplication } from './decide-application.ts';
import type { TrafficView } from './endpoints.ts';
import { groupBy } from '../model/group-by.ts';
import type { ApplicationStanding } from './hold-changes.ts';
import { holdOf } from './hold-changes.ts';
import { isChanging } from './is-changing.ts';
import { decisionOrder } from './order-applications.ts';
import type { PlacedFleet } from './place-all.ts';
import { landTogether } from './rollout-group.ts';
import type { Target } from './target.ts';
import { rolloutKey } from './target.ts';
import type { World } from './world.ts';

/** What applications have, what they are to take on, and what of it may receive requests. */
export interface Holdings {
  /** By application. */
  readonly instances: ReadonlyMap<string, readonly Instance[]>;
  readonly adoptions: readonly Adoption[];
  /** Who may receive requests, by group of proxies. */
  readonly traffic: readonly TrafficView[];
}

/**
 * The decisions on all applications, in the order of the desired state. Each is made after those that it waits for.
 *
 * @param targets one for each application of the desired state, in its order
 */
export function decideApplications(
  world: World,
  targets: readonly Target[],
  { placement, standing, departures, leaving }: PlacedFleet,
  wantedPorts: WantedPorts,
  { instances, adoptions, traffic }: Holdings,
): readonly ApplicationDecision[] {
  const { desired, journal } = world;
  const targetOf = new Map(desired.applications.map(({ name }, index) => [name, targets[index]]));
  const order = decisionOrder(desired.applications);
  const standings = new Map<string, ApplicationStanding>();
  const decisions = new Map<string, ApplicationDecision>();
  for (const spec of order.applications) {
    const { name } = spec;
    const target = targetOf.get(name);
    if (target === undefined) continue;
    const record = journal.applications.get(name) ?? emptyApplicationRecord;
    const own = instances.get(name) ?? [];
    const decision = decideApplication({
      world,
      spec,
      target,
      assignments: placement.assignments,
      unplaced: placement.unplaced.filter(({ application }) => application === name),
      hold: isToBegin(spec, target, record) ? holdOf(spec, standings, order) : null,
      wantedPorts,
      departures,
      leaving,
      isolation: standing.isolation,
      adoption: adoptions.find(({ application }) => application === name) ?? null,
      instances: groupBy(own, ({ slotKey }) => slotKey),
      traffic,
    });
    standings.set(name, standingOf(decision, spec, record, own));
    decisions.set(name, decision);
  }
  const inOrder = desired.applications.flatMap(({ name }) => decisions.get(name) ?? []);
  return landTogether(inOrder, desired.applications, journal);
}

/** Only what has not begun can be held back: a rollout under way goes on, and so does the undoing of one. */
function isToBegin(spec: ApplicationSpec, { mode }: Target, record: ApplicationRecord): boolean {
  const { rollout } = record;
  const hasBegun = rollout?.key === rolloutKey(spec) && !rollout.isRollback;
  return mode === 'desired' && !hasBegun && isChanging(spec, record);
}
