import { describe, expect, it } from 'vitest';

import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anInstance, aReachableHost, aService, anUnreachableHost } from '../../support/builders.ts';
import { deployed, idsOf, shop, stepsOn } from './play.ts';
import { commit, containers, run, running, seeing } from './scenario.ts';

const hosts = ['host-1', 'host-2'];
const service = aService();

/** Slot 1 is filled on one of the hosts, the other one is gone; it comes back with an instance of this epoch. */
function comesBackWith(epoch: number): { readonly world: World; readonly twin: string } {
  const start = deployed('v1', {}, hosts);
  const [own] = containers(start);
  const other = hosts.find((name) => name !== own?.host) ?? '';
  const away = seeing(start, anUnreachableHost(other));
  const { container } = anInstance(
    service,
    { epoch },
    { id: toContainerId(`twin-${epoch}`), host: toHostName(other) },
  );
  const { images } = aReachableHost(other);
  const back = aReachableHost(other, { containers: [container], images });
  return { world: seeing(run(away).world, back), twin: container.id };
}

describe('a host that comes back with an instance of a slot that is filled elsewhere', () => {
  it('of an older epoch: that one is retired, and nothing else is touched', () => {
    const { world, twin } = comesBackWith(0);
    const own = [...idsOf(world)].filter((id) => id !== twin);

    const after = run(world);

    expect([...idsOf(after.world)]).toEqual(own);
    expect(stepsOn(after.steps, new Set(own))).toEqual([]);
    expect(after.last.settled).toBe(true);
  });

  it('of a newer epoch, which an old journal knows nothing of: it is the one that stays', () => {
    const { world, twin } = comesBackWith(7);

    const after = run(world);
    const next = run(commit(after.world, shop('v2'), 2));

    expect([...idsOf(after.world)]).toEqual([twin]);
    expect(after.world.journal.slots.get('shop/web/1')?.epoch).toBe(7);
    expect(running(next.world)).toEqual(['testapp:v2']);
    expect(containers(next.world).map(({ labels }) => labels['fleetwright.epoch'])).toEqual(['8']);
  });
});
