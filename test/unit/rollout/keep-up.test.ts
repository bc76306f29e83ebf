import { describe, expect, it } from 'vitest';

import type { StepFailure } from '../../../src/model/step.ts';
import { deployed, play, shop } from './play.ts';
import { commit, edit, running, stalledBy } from './scenario.ts';

const down: StepFailure = {
  class: 'infrastructure',
  reason: 'RegistryUnavailable',
  message: '503',
};
const facts = { replicas: 2 };
const unpulled = { replicas: 2, container: { image: 'testapp:v9' } };

describe('what runs, while nothing of the next version can begin,', () => {
  it.each(['stopped', 'removed'] as const)('is repaired when it is %s', (how) => {
    const waiting = play(commit(deployed('v1', facts), shop('v9', unpulled), 2), 30_000, {
      refuse: ({ action }) => (action.kind === 'pull-image' ? down : null),
    });
    const hurt = edit(waiting.world, (one) => {
      if (one.labels['fleetwright.slot'] !== '1') return one;
      return how === 'removed' ? null : { ...one, state: 'exited' };
    });

    const { world } = play(hurt, 30_000, {
      refuse: ({ action }) => (action.kind === 'pull-image' ? down : null),
    });

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
  });
});

it('a failed version that is scaled to 0 is scaled to 0', () => {
  const failed = play(commit(deployed('v1', facts), shop('v2', facts), 2), 60_000, {
    fate: ({ spec }) => (spec.image === 'testapp:v2' ? { state: 'exited', exitCode: 1 } : {}),
  });
  expect(stalledBy(failed.last)).toBe('RolledBack');

  const { world, last } = play(commit(failed.world, shop('v2', { replicas: 0 }), 3), 60_000);

  expect(running(world)).toEqual([]);
  expect(last.settled).toBe(true);
});
