import { expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import { commit, run } from './scenario.ts';

const origin = { file: 'apps/shop/compose.yaml', line: 20, column: 3 };

function shop(internal: boolean, external = false): ApplicationSpec {
  const container = { networks: [{ network: 'shop_front', aliases: ['web'] }] };
  const network = {
    name: 'shop_front',
    external,
    driver: 'bridge',
    internal,
    driverOpts: {},
    labels: {},
    origin,
  };
  return anApplication([aService({ container })], { networks: [network] });
}

it('an external network is what others made it', () => {
  const world = run(aWorld([shop(false)], ['host-1'])).world;

  expect(decide(commit(world, [shop(true, true)], 2)).drift).toEqual([]);
});
