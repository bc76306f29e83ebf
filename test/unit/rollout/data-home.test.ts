import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { HostObservation } from '../../../src/model/observation.ts';
import { decide } from '../../../src/rollout/decide.ts';
import {
  aConstraint,
  anApplication,
  anInstance,
  aReachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';

const mounts = [
  { type: 'volume', source: 'shop_data', target: '/data', readOnly: false, noCopy: false },
] as const;

function db(constraint: string): ServiceSpec {
  return aService({ constraints: [aConstraint(constraint)], container: { mounts } });
}

describe('a service whose constraints lead away from its volume', () => {
  it('stays where its data is, and says so', () => {
    const moved = db('node.hostname == host-2');
    const { container } = anInstance(moved);
    const labels = { 'fleetwright.fleet': 'test', 'fleetwright.app': 'shop' };
    const volumes = [{ name: 'shop_data', driver: 'local', labels }];
    const seen = aReachableHost('host-1', { containers: [container], volumes });
    const world = aWorld([anApplication([moved])], ['host-1', 'host-2']);
    const observations = new Map<ReturnType<typeof toHostName>, HostObservation>([
      ...world.observations,
      [toHostName('host-1'), seen],
    ]);

    const { steps, applications } = decide({ ...world, observations });

    expect(steps).toEqual([]);
    expect(applications[0]?.conditions).toContainEqual(
      expect.objectContaining({
        reason: 'Unplaceable',
        message:
          'web/1: 0 of 2 hosts: 1 constraint node.hostname == host-2, 1 volume "shop_data" is on host "host-1"',
      }),
    );
  });
});
