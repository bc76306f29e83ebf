import { expect, it } from 'vitest';

import { deployed, play, shop } from './play.ts';
import { commit, running, stalledBy } from './scenario.ts';
import type { Fate } from './scenario.ts';

const facts = { replicas: 2 };

function endsWith(exitCode: number, times: number): Fate {
  const ended = new Set<string>();
  return ({ id, spec }) => {
    const isMeant = spec.image === 'testapp:v2' && (ended.has(id) || ended.size < times);
    if (!isMeant) return {};
    ended.add(id);
    return { state: 'exited', exitCode, published: [] };
  };
}

it('an end that the engine did not see is not held against the revision, once', () => {
  const start = commit(deployed('v1', facts), shop('v2', facts), 2);

  const once = play(start, 120_000, { fate: endsWith(255, 1) });
  const always = play(start, 240_000, { fate: endsWith(255, 100) });

  expect(running(once.world)).toEqual(['testapp:v2', 'testapp:v2']);
  expect(stalledBy(always.last)).toBe('RolledBack');
  expect(running(always.world)).toEqual(['testapp:v1', 'testapp:v1']);
});
