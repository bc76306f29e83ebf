import { neighbours } from '../model/shared-slot.ts';
import type { Board } from './board.ts';
import { serviceKey, type Demand } from './demand.ts';

/**
 * Tells which services make room for what is more important: those whose instances may leave their host as things are. What has
 * data there, runs to its end, or shares something stays, as it does when its host is drained or the fleet is evened out. A
 * global service has nowhere to go and is the same wherever it is back: its slots only end.
 */
export function evictableOn(board: Board): (demand: Demand) => boolean {
  const sharing = sharingServices(board);
  const known = new Map<Demand, boolean>();
  return (demand) => {
    const before = known.get(demand);
    if (before !== undefined) return before;
    const is = isEvictable(board, demand) && !sharing.has(serviceKey(demand));
    known.set(demand, is);
    return is;
  };
}

function isEvictable({ input, hostTies }: Board, demand: Demand): boolean {
  const { application, service } = demand;
  const isStill = input.suspended?.has(application) === true;
  const endsByItself = service.job !== null || service.container.restart.name === 'no';
  if (isStill || endsByItself) return false;
  return service.mode === 'global' || !hostTies.has(serviceKey(demand));
}

/** Services that share something with others, and those others. */
function sharingServices({ input }: Board): ReadonlySet<string> {
  return new Set(
    input.services.flatMap(({ application, service }) => {
      // A hook has run where its service was, and holds nothing of it there.
      const near = service.job?.of === undefined ? neighbours(service) : [];
      if (near.length === 0) return [];
      return [service.name, ...near].map((name) => `${application}/${name}`);
    }),
  );
}
