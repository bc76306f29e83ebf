import { slotKey } from '../model/labels.ts';
import type { OperatorRequest } from '../model/request.ts';
import type { ServiceSpec } from '../model/application.ts';
import { emptyApplicationRecord } from '../model/journal-state.ts';
import { neighbours } from '../model/shared-slot.ts';
import type { Instance } from '../drift/identify.ts';
import { dataOfVersions, hostTies } from '../placement/host-ties.ts';
import type { PlacedService } from '../placement/placed-service.ts';
import type { Move } from '../placement/rebalance.ts';
import { rebalance } from '../placement/rebalance.ts';
import { isServiceProven } from './application-context.ts';
import type { Answer } from './decide-requests.ts';
import { groupBy } from '../model/group-by.ts';
import { inventoryOf } from './older-schemas.ts';
import { isByHost, orderOfVersions } from './order.ts';
import { placedServices, placementInput, targetsOf } from './place-all.ts';
import { boundsOf } from './shares.ts';
import type { Target } from './target.ts';
import type { World } from './world.ts';

/** Slots that one request moves when nobody says how many. */
const usualMoves = 10;

/** Which slots a request would move, each to which host. */
export function movesFor(
  world: World,
  { application, maxMoves = usualMoves }: Pick<OperatorRequest, 'application' | 'maxMoves'>,
): readonly Move[] {
  const targets = targetsOf(world);
  const inventory = inventoryOf(world);
  const { input } = placementInput(world, targets, inventory);
  const instances = groupBy(inventory.instances, (one) => one.slotKey);
  const asked = targets.filter(({ spec }) => application === '' || spec.name === application);
  const movable = movableServices(world, asked, placedServices(world, targets)).flatMap((placed) =>
    slotKeysOf(placed).filter((key) => isSettledThere(world, key, instances.get(key) ?? [])),
  );
  return rebalance(input, new Set(movable), maxMoves);
}

export function answerRebalance(world: World, request: OperatorRequest): Answer {
  const { application } = request;
  const isKnown = world.desired.applications.some(({ name }) => name === application);
  if (application !== '' && !isKnown) {
    return { accepted: false, message: `the repository has no application "${application}"` };
  }
  const moves = movesFor(world, request);
  return {
    accepted: true,
    entries: moves.map(({ slot, to }) => ({ kind: 'move-asked', slot, to }) as const),
    message: moves.length === 0 ? nothingToMove : moves.map(describe).join(', '),
  };
}

export const nothingToMove = 'nothing moves: what may move is spread as evenly as it can be';

function describe({ slot, from, to }: Move): string {
  return `${slot} moves from ${from} to ${to}`;
}

/**
 * What can be started on another host beside the instance that is there, and leaves nothing behind: what has data, is alone,
 * or shares something with another service stays.
 */
function movableServices(
  { journal }: World,
  targets: readonly Target[],
  all: readonly PlacedService[],
): readonly PlacedService[] {
  const ties = hostTies(all);
  const sharing = new Set(
    all.flatMap(({ application, service }) => {
      const near = neighbours(service);
      return near.length === 0
        ? []
        : [service.name, ...near].map((name) => `${application}/${name}`);
    }),
  );
  return targets
    .filter(({ mode }) => mode === 'desired')
    .flatMap(({ spec }) => {
      const record = journal.applications.get(spec.name) ?? emptyApplicationRecord;
      if (record.suspension !== null) return [];
      return spec.services
        .filter((service) => isServiceProven({ record }, service))
        .filter(mayRunTwice)
        .map((service) => ({ application: spec.name, service }))
        .filter(({ service: { name } }) => {
          const key = `${spec.name}/${name}`;
          return !ties.has(key) && !sharing.has(key);
        });
    });
}

function mayRunTwice(service: ServiceSpec): boolean {
  const { mode, job, singleton, replicas, update } = service;
  if (mode === 'global' || job !== null || singleton || dataOfVersions(service) !== null)
    return false;
  const isStartFirst =
    update.order === 'start-first' && isByHost(orderOfVersions(service, update, replicas));
  return isStartFirst && boundsOf(update, 'start-first', replicas).surge > 0;
}

function slotKeysOf({ application, service }: PlacedService): readonly string[] {
  return Array.from({ length: service.replicas }, (_, index) =>
    slotKey({ application, service: service.name, slot: String(index + 1) }),
  );
}

/** One instance, promoted and running, and nothing else of the slot. */
function isSettledThere({ journal }: World, key: string, all: readonly Instance[]): boolean {
  const [instance] = all;
  if (instance === undefined || all.length > 1) return false;
  const { container, hash } = instance;
  const record = journal.slots.get(key);
  const isPromoted = container.restart.name !== 'no';
  const isWell = container.state === 'running' && container.health !== 'unhealthy';
  return isPromoted && isWell && record?.hash === hash && record.movesTo === undefined;
}
