import { describe, expect, it } from 'vitest';

import type { Plan } from '../../../src/generated/plan.ts';
import { validatePlan } from '../../../src/generated/validators.js';
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { packOrigins } from '../../../src/model/origin.ts';
import { planDocument } from '../../../src/report/plan-document.ts';
import { renderPlan } from '../../../src/report/render-plan.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { commit, run } from '../rollout/scenario.ts';
import { overlong } from './lines.ts';

function shop(tag: string, facts: ServiceFacts = {}): readonly ApplicationSpec[] {
  const file = 'apps/shop/compose.yaml';
  const origins = packOrigins(
    new Map([
      ['', { file, line: 3, column: 3 }],
      ['image', { file, line: 4, column: 12 }],
      ['ports', { file, line: 7, column: 5 }],
    ]),
  );
  const container = { image: `testapp:${tag}`, ...facts.container };
  return [anApplication([aService({ origins, ...facts, container })])];
}

function planOf(world: World): Plan {
  return planDocument(world.desired, predict(world));
}

/** Without the hash, which is not for the eye. */
function textOf(plan: Plan): string {
  return renderPlan({ ...plan, hash: null }, plainStyle);
}

const port = { target: 8080, protocol: 'tcp', hostIp: '', published: '80' } as const;
const fixed = { replicas: 2, container: { ports: [port] } };
const plans = {
  deploy: planOf(aWorld(shop('v1', { replicas: 2 }))),
  update: planOf(
    commit(run(aWorld(shop('v1'))).world, shop('v2', { container: { user: 'app' } }), 2),
  ),
  stopFirst: planOf(commit(run(aWorld(shop('v1', fixed))).world, shop('v2', fixed), 2)),
  nothing: planOf(run(aWorld(shop('v1'))).world),
  blocked: planOf(aWorld(shop('missing', { ...fixed, replicas: 4 }))),
  held: planOf(commit(run(aWorld(shop('v1'))).world, [], 2)),
};

describe('planDocument()', () => {
  it.each(Object.entries(plans))('is valid by its schema: %s', (_name, plan) => {
    expect(
      validatePlan(JSON.parse(JSON.stringify(plan))),
      JSON.stringify(validatePlan.errors),
    ).toBe(true);
  });

  it('is in sync exactly when nothing is to be done', () => {
    expect(plans.nothing).toMatchObject({ inSync: true, steps: [], blocked: [], held: null });
    expect(plans.deploy.inSync).toBe(false);
    expect(plans.held.inSync).toBe(false);
    expect(plans.blocked).toMatchObject({ inSync: false, blocked: [{ reason: 'Unplaceable' }] });
  });

  it('numbers the waves, and names the line of each cause', () => {
    const { steps } = plans.update;

    expect(steps.map(({ wave }) => wave)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps[0]?.cause).toMatchObject({
      path: 'image',
      origin: { file: 'apps/shop/compose.yaml', line: 4, column: 12 },
      changes: [
        { path: 'image', from: 'testapp:v1', to: 'testapp:v2' },
        { path: 'user', from: null, to: 'app' },
      ],
    });
  });
});

describe('renderPlan()', () => {
  it('shows a first deployment', () => {
    expect(textOf(plans.deploy)).toMatchInlineSnapshot(`
      "Plan for main@000000000000 "change"

      shop/web
        + slot 1 on host-2: create, start, update
        + slot 2 on host-1: create, start, update
          because it does not exist yet (apps/shop/compose.yaml:3:3)

      6 steps on 2 hosts; no service loses an available instance."
    `);
  });

  it('shows an update with the fields that change', () => {
    expect(textOf(plans.update)).toMatchInlineSnapshot(`
      "Plan for main@000000000000 "change"

      shop/web
        ~ slot 1 on host-2: create, start, update, stop, remove
          because image changed and 1 more (apps/shop/compose.yaml:4:12)
            image: testapp:v1 → testapp:v2
            user: – → app

      6 steps on 1 host; no service loses an available instance."
    `);
  });

  it('shows how far availability falls, and why', () => {
    expect(textOf(plans.stopFirst)).toMatchInlineSnapshot(`
      "Plan for main@000000000000 "change"

      shop/web
        ~ slot 1 on host-2: update, stop, remove, create, start
        ~ slot 2 on host-1: update, stop, remove, create, start
          because stop-first: it publishes host port 80, which two instances cannot
            share (apps/shop/compose.yaml:7:5)
            image: testapp:v1 → testapp:v2
          because its predecessor has made room (apps/shop/compose.yaml:3:3)

      ! shop/web falls to 1 of 2 available: stop-first: it publishes host port 80,
        which two instances cannot share
      12 steps on 2 hosts."
    `);
  });

  it('shows that nothing is to be done', () => {
    expect(textOf(plans.nothing)).toMatchInlineSnapshot(`
      "Plan for main@000000000000 "change"

      In sync: 0 steps."
    `);
  });

  it('shows what stands in the way', () => {
    expect(textOf(plans.blocked)).toMatchInlineSnapshot(`
      "Plan for main@000000000000 "change"

      ! shop: Unplaceable: web/4: 0 of 3 hosts: 3 port 80 taken by another instance

      0 steps on 0 hosts."
    `);
  });

  it('shows what is held, and how it is approved', () => {
    expect(textOf(plans.held)).toMatchInlineSnapshot(`
      "Plan for main@000000000000 "change"

      Held: 1 of 1 applications would be removed at once (shop). Nothing of them is
        touched until that is approved:
        fleetwright sync --approve-prune 000000000000
        or in fleet.yaml:
          prune: { approved: [000000000000] }

      0 steps on 0 hosts."
    `);
  });

  it('ends with the hash, unless there is nothing to approve', () => {
    expect(renderPlan(plans.update, plainStyle).split('\n').at(-1)).toMatch(/^Hash [0-9a-f]{64}$/);
    expect(renderPlan(plans.nothing, plainStyle)).not.toContain('Hash');
  });

  it.each(Object.entries(plans))('keeps to the page: %s', (_name, plan) => {
    expect(overlong(textOf(plan))).toEqual([]);
  });
});

it('a plan says how many instances there are to be by load', () => {
  const autoscale = { min: 2, max: 8, cpu: 70, stabilizationMs: 1, intervalMs: 1_000 };
  const plan = planOf(aWorld(shop('v1', { replicas: 3, autoscale })));

  expect(validatePlan(plan), JSON.stringify(validatePlan.errors)).toBe(true);
  expect(plan.scaled).toEqual([
    { application: 'shop', service: 'web', replicas: 3, min: 2, max: 8 },
  ]);
  expect(textOf(plan)).toContain('shop/web has 3 of 2–8 instances by its load');
  expect(plans.deploy.scaled).toBeUndefined();
});
