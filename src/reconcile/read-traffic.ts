import type { Clock } from '../model/clock.ts';
import type { ContainerId } from '../model/names.ts';
import type { ProxyReading } from '../model/traffic.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { runningProxies } from '../rollout/endpoints.ts';
import type { World } from '../rollout/world.ts';
import { openRouter } from '../traffic/open-router.ts';
import { readingAfter } from './proxy-reading.ts';

/** Asks each proxy once, and changes nothing. Never throws. */
export async function readTraffic(
  fleet: Pick<Fleet, 'ask'>,
  world: Pick<World, 'desired' | 'observations' | 'journal'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<World['traffic']> {
  const readings = runningProxies(world).map(
    async ({ group, container }): Promise<readonly [ContainerId, ProxyReading]> => {
      const { id, host, startedAt } = container;
      const answer = await openRouter(fleet, group).ask({ host, container: id }, [], signal);
      return [id, readingAfter(undefined, answer, startedAt ?? 0, clock.now())];
    },
  );
  return new Map(await Promise.all(readings));
}
