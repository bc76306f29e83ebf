import { describe, expect, it } from 'vitest';

import { loadApplication, loadWeb } from '../../support/load-files.ts';

function rollout(text: string): string {
  return `x-fleetwright: { rollout: { ${text} } }`;
}

describe('resolveUpdate() and resolveRollback()', () => {
  it.each([
    { replicas: 0, expected: 1 },
    { replicas: 1, expected: 1 },
    { replicas: 2, expected: 1 },
    { replicas: 5, expected: 3 },
  ])('takes back half of $replicas replicas at once', ({ replicas, expected }) => {
    expect(loadWeb([`deploy: { replicas: ${replicas} }`]).rollback.parallelism).toBe(expected);
  });

  it('takes a global service back as carefully as it is updated', () => {
    const { rollback } = loadWeb(['deploy: { mode: global, update_config: { parallelism: 3 } }']);

    expect(rollback.parallelism).toBe(3);
  });

  it('takes the order of the update, and nothing else of it', () => {
    const { rollback } = loadWeb([
      'deploy: { update_config: { order: stop-first, delay: 1m, monitor: 1m, failure_action: continue, max_failure_ratio: 1 } }',
    ]);

    expect(rollback).toEqual({
      order: 'stop-first',
      parallelism: 1,
      delayMs: 0,
      monitorMs: 0,
      failureAction: 'pause',
      maxFailureRatio: 0,
      maxSurge: null,
      maxUnavailable: null,
    });
  });

  it('reads rollback_config as far as it is written', () => {
    const { update, rollback } = loadWeb([
      'deploy: { rollback_config: { order: stop-first, parallelism: 0, delay: 2s, failure_action: continue } }',
    ]);

    expect(update.order).toBe('start-first');
    expect(rollback).toMatchObject({
      order: 'stop-first',
      parallelism: 0,
      delayMs: 2_000,
      failureAction: 'continue',
    });
  });

  it('lets written bounds be the only ones, for the update and for its rollback', () => {
    const { update, rollback } = loadWeb([
      'deploy: { replicas: 4 }',
      rollout('maxSurge: 2, maxUnavailable: 25%'),
    ]);
    const expected = {
      parallelism: 0,
      maxSurge: { kind: 'count', count: 2 },
      maxUnavailable: { kind: 'percent', percent: 25 },
    };

    expect(update).toMatchObject(expected);
    expect(rollback).toMatchObject(expected);
  });

  it('keeps a parallelism that is written beside bounds', () => {
    const { update, rollback } = loadWeb([
      'deploy: { update_config: { parallelism: 3 }, rollback_config: { parallelism: 2 } }',
      rollout('maxUnavailable: 1'),
    ]);

    expect(update).toMatchObject({ parallelism: 3, maxSurge: null });
    expect(rollback).toMatchObject({ parallelism: 2, maxSurge: null });
  });
});

describe('resolveRollout()', () => {
  it('reads a canary, whose steps bake as long as the update is monitored', () => {
    const { rollout: policy } = loadWeb([
      'deploy: { update_config: { monitor: 7s } }',
      rollout(
        'strategy: canary, steps: [{ replicas: 1, bake: 1m }, { percent: 50 }], promote: manual, attempts: 5',
      ),
    ]);

    expect(policy).toEqual({
      strategy: 'canary',
      steps: [
        { slots: { kind: 'count', count: 1 }, bakeMs: 60_000 },
        { slots: { kind: 'percent', percent: 50 }, bakeMs: 7_000 },
      ],
      promote: 'manual',
      attempts: 5,
      progressDeadlineMs: 600_000,
    });
  });

  it.each([
    { text: 'strategy: blue-green', bakeMs: 5_000 },
    { text: 'strategy: blue-green, bake: 10m', bakeMs: 600_000 },
  ])('makes one step of everything: $text', ({ text, bakeMs }) => {
    expect(loadWeb([rollout(text)]).rollout).toMatchObject({
      strategy: 'blue-green',
      steps: [{ slots: { kind: 'percent', percent: 100 }, bakeMs }],
      promote: 'auto',
    });
  });

  it.each([
    { gate: 'healthyDeadline: 1m', own: '', expected: 600_000 },
    { gate: 'healthyDeadline: 6m', own: '', expected: 720_000 },
    { gate: 'healthyDeadline: 6m', own: 'progressDeadline: 7m', expected: 420_000 },
  ])('gives a rollout time: $gate $own', ({ gate, own, expected }) => {
    const { rollout: policy } = loadWeb([
      `x-fleetwright: { gate: { ${gate} }, rollout: { ${own} } }`,
    ]);

    expect(policy.progressDeadlineMs).toBe(expected);
  });

  it('takes each key that a service does not say from the application', () => {
    const { services } = loadApplication(`
services:
  a: { image: x }
  b: { image: x, x-fleetwright: { rollout: { steps: [{ percent: 10 }], maxSurge: 1, attempts: 1 } } }
  c: { image: x, x-fleetwright: { rollout: { strategy: rolling } } }
  d: { image: x, x-fleetwright: { rollout: { strategy: blue-green } } }
x-fleetwright:
  rollout: { strategy: canary, steps: [{ replicas: 1, bake: 1s }], promote: manual, maxSurge: 50%, progressDeadline: 1h }
`);
    const common = { attempts: 2, progressDeadlineMs: 3_600_000 };

    expect(services.map((service) => service.rollout)).toEqual([
      {
        ...common,
        strategy: 'canary',
        steps: [{ slots: { kind: 'count', count: 1 }, bakeMs: 1_000 }],
        promote: 'manual',
      },
      {
        ...common,
        strategy: 'canary',
        steps: [{ slots: { kind: 'percent', percent: 10 }, bakeMs: 5_000 }],
        promote: 'manual',
        attempts: 1,
      },
      { ...common, strategy: 'rolling', steps: [], promote: 'auto' },
      {
        ...common,
        strategy: 'blue-green',
        steps: [{ slots: { kind: 'percent', percent: 100 }, bakeMs: 5_000 }],
        promote: 'manual',
      },
    ]);
    expect(services.map(({ update }) => update.maxSurge)).toEqual([
      { kind: 'percent', percent: 50 },
      { kind: 'count', count: 1 },
      { kind: 'percent', percent: 50 },
      { kind: 'percent', percent: 50 },
    ]);
  });

  it('reads numbers from variables', () => {
    const {
      update,
      rollout: policy,
      singleton,
    } = loadWeb(
      [
        'x-fleetwright: { singleton: $NO, rollout: { strategy: canary, steps: [{ percent: $P }], maxSurge: $N, maxUnavailable: "${P}%", attempts: $N } }',
      ],
      '',
      { 'shop/.env': 'NO=false\nN=3\nP=20\n' },
    );

    expect(singleton).toBe(false);
    expect(update.maxSurge).toEqual({ kind: 'count', count: 3 });
    expect(update.maxUnavailable).toEqual({ kind: 'percent', percent: 20 });
    expect(policy.attempts).toBe(3);
    expect(policy.steps).toEqual([{ slots: { kind: 'percent', percent: 20 }, bakeMs: 5_000 }]);
  });

  it('reads a singleton', () => {
    expect(loadWeb(['x-fleetwright: { singleton: true }']).singleton).toBe(true);
  });
});
