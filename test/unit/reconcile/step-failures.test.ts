import { describe, expect, it } from 'vitest';

import type { StepOutcome } from '../../../src/model/step.ts';
import { instanceName } from '../../../src/model/labels.ts';
import { toContainerId } from '../../../src/model/names.ts';
import { noteOutcome, withoutSettled } from '../../../src/reconcile/step-failures.ts';
import type { FailedStep } from '../../../src/rollout/world.ts';
import { anInstance, aService, aStep } from '../../support/builders.ts';

const service = aService();
const { identity } = anInstance(service);
const create = aStep({ kind: 'create-container', identity, service });
const failed: StepOutcome = {
  kind: 'failed',
  failure: { class: 'infrastructure', reason: 'DiskFull', message: 'no space left' },
};
const none: ReadonlyMap<string, FailedStep> = new Map();

function afterFailures(times: number): FailedStep | undefined {
  let failures = none;
  for (let time = 0; time < times; time += 1) failures = noteOutcome(failures, create, failed, 0);
  return failures.get(create.key);
}

describe('noteOutcome()', () => {
  it('remembers what failed, of which hash, and how', () => {
    expect(noteOutcome(none, create, failed, 1_000).get('shop/web/1')).toEqual({
      action: 'create-container',
      hash: service.hash,
      failure: { class: 'infrastructure', reason: 'DiskFull', message: 'no space left' },
      attempts: 1,
      retryAt: 3_000,
    });
  });

  it.each([
    [1, 2_000],
    [2, 4_000],
    [3, 8_000],
    [5, 32_000],
    [6, 60_000],
    [99, 60_000],
  ])('after %i failures waits %i ms', (attempts, retryAt) => {
    expect(afterFailures(attempts)).toMatchObject({ attempts, retryAt });
  });

  it.each<StepOutcome>([{ kind: 'done' }, { kind: 'skipped', reason: 'it is gone' }])(
    'forgets it with the outcome %o',
    (outcome) => {
      const failures = noteOutcome(none, create, failed, 0);

      expect(noteOutcome(failures, create, outcome, 1).size).toBe(0);
      expect(failures.size).toBe(1);
    },
  );

  it('counts anew when another action on the same thing fails', () => {
    const name = instanceName(identity);
    const guard = { id: anInstance(service).container.id, self: '', states: [] };
    const start = aStep({ kind: 'start-container', guard, name, service });

    const failures = noteOutcome(noteOutcome(none, create, failed, 0), start, failed, 0);

    expect(failures.get('shop/web/1')).toMatchObject({
      action: 'start-container',
      attempts: 1,
      hash: service.hash,
    });
  });

  it('does not blame the revision for an outcome that is not known', () => {
    const outcome: StepOutcome = { kind: 'unknown', reason: 'no answer within 30 s' };

    expect(noteOutcome(none, create, outcome, 0).get(create.key)?.failure).toEqual({
      class: 'infrastructure',
      reason: 'OutcomeUnknown',
      message: 'no answer within 30 s',
    });
  });

  it('gives a step that belongs to no container no hash', () => {
    const pull = aStep({ kind: 'pull-image', image: 'nginx' }, { key: 'host-1/image/nginx' });

    expect(noteOutcome(none, pull, failed, 0).get(pull.key)?.hash).toBe('');
  });
});

it('what a proxy need not be told any more is no failure any more', () => {
  const guard = { id: toContainerId('proxy'), self: '', states: ['running'] as const };
  const endpoint = { backend: 'shop:web', name: 'eu-1:web:abc', address: '192.0.2.1', port: 80 };
  const told = { kind: 'admit-endpoint', endpoint, guard, name: 'edge-haproxy-1' } as const;
  const admit = { ...aStep(told), key: 'eu-1/proxy/edge/shop:web/eu-1:web:abc' };
  const failures = noteOutcome(noteOutcome(none, create, failed, 0), admit, failed, 0);

  expect([...withoutSettled(failures, new Set([admit.key])).keys()]).toEqual([
    create.key,
    admit.key,
  ]);
  expect([...withoutSettled(failures, new Set()).keys()]).toEqual([create.key]);
});
