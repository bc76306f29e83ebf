import { describe, expect, it } from 'vitest';

import type { World } from '../../../src/rollout/world.ts';
import { deployed, idsOf, play, playUntil, shop } from './play.ts';
import { commit, exits, fine, pass, running } from './scenario.ts';

/** The operator is killed when it has noted that the first old instance is to stop, and has not stopped it yet. */
function killedBeforeTheStop(): World {
  const start = commit(deployed('v1', { replicas: 2 }), shop('v2', { replicas: 2 }), 2);
  const { world, last } = playUntil(start, (_world, { steps }) =>
    steps.some(({ action }) => action.kind === 'stop-container'),
  );
  const noted = pass(world, last, [], fine);
  return { ...noted, readiness: new Map(), failures: new Map(), watchingSince: noted.now };
}

describe('an old instance that was to be stopped when the operator was killed', () => {
  it('serves on when its successor has failed meanwhile', () => {
    const killed = killedBeforeTheStop();
    const old = idsOf(killed, 'v1');

    const { world } = play(killed, 120_000, { fate: exits('testapp:v2') });

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(idsOf(world, 'v1')).toEqual(old);
  });

  it('goes when its successor is well', () => {
    const { world } = play(killedBeforeTheStop(), 120_000);

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
  });
});
