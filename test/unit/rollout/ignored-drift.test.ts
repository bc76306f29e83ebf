import { describe, expect, it } from 'vitest';

import type { IgnoreRule } from '../../../src/model/ignore-rule.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, anIgnoreRule, aService, aWorld } from '../../support/builders.ts';
import { decisionOf, edit, run } from './scenario.ts';

const limits = { memoryBytes: 64, memoryReservationBytes: null, nanoCpus: 10, pids: null };
const service = aService({ container: { resources: limits } });
const memory = 'deploy.resources.limits.memory';

/** A converged fleet in which someone changed limits, with this rule in force. */
function changed(resources: Partial<typeof limits>, rule: Partial<IgnoreRule>): World {
  const shop = anApplication([service], { driftIgnore: [anIgnoreRule({ path: memory, ...rule })] });
  return edit(run(aWorld([shop], ['host-1'])).world, (container) => ({
    ...container,
    spec: { ...container.spec, resources: { ...limits, ...resources } },
  }));
}

describe('a difference that a rule leaves alone', () => {
  it('is not healed, stands apart, and does not keep the application from being ready', () => {
    const decision = decide(changed({ memoryBytes: 128 }, {}));

    expect(decision).toMatchObject({ steps: [], drift: [], settled: true });
    expect(decision.ignored).toMatchObject([
      {
        item: { path: memory, desired: 64, observed: 128, slot: '1', host: 'host-1' },
        rule: { reason: 'under watch' },
      },
    ]);
    expect(decisionOf(decision)).toMatchObject({
      health: 'healthy',
      conditions: [{ type: 'Ready', status: true }, {}, {}],
    });
  });

  it('stays as it is when another limit of the same container is healed', () => {
    const { steps, drift } = decide(changed({ memoryBytes: 128, nanoCpus: 20 }, {}));

    expect(drift).toMatchObject([{ path: 'deploy.resources.limits.cpus' }]);
    expect(steps).toMatchObject([
      { action: { kind: 'update-container', resources: { memoryBytes: 128, nanoCpus: 10 } } },
    ]);
  });

  it('is healed from the end of the rule on, and decided again by then', () => {
    const until = 5_000_000;
    const world = changed({ memoryBytes: 128 }, { until });

    expect(decide(world).wakeAt).toBe(until);

    // What happens then is no part of a plan of today.
    expect(predict(world).waves).toEqual([]);
    const after = decide({ ...world, now: until });
    expect(after.ignored).toEqual([]);
    expect(after.drift).toMatchObject([{ path: memory, action: 'heal' }]);
    expect(after.steps).toMatchObject([{ action: { kind: 'update-container' } }]);
  });

  it('may be named by fleet.yaml, for one host only', () => {
    const world = changed({ memoryBytes: 128 }, { path: 'user' });
    const withRule = (host: string): World => {
      const fleet = { ...world.desired.fleet, driftIgnore: [anIgnoreRule({ path: memory, host })] };
      return { ...world, desired: { ...world.desired, fleet } };
    };

    expect(decide(withRule('host-1'))).toMatchObject({ drift: [], ignored: [{}] });
    expect(decide(withRule('host-2'))).toMatchObject({ drift: [{ path: memory }], ignored: [] });
  });
});
