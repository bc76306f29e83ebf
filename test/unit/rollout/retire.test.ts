import { describe, expect, it } from 'vitest';

import { noRestart } from '../../../src/model/container.ts';
import { label } from '../../../src/model/labels.ts';
import type { ContainerState } from '../../../src/model/observation.ts';
import { guardOf, nextRetirement, retirementEntries } from '../../../src/rollout/retire.ts';
import { anInstance, aService } from '../../support/builders.ts';

const service = aService({ container: { stopGraceMs: 3_000 } });

describe('nextRetirement()', () => {
  const promoted = { name: 'unless-stopped', maximumRetryCount: 0 } as const;

  it.each<[ContainerState, typeof promoted | typeof noRestart, string]>([
    ['running', promoted, 'update-container'],
    ['restarting', promoted, 'update-container'],
    ['paused', promoted, 'update-container'],
    ['running', noRestart, 'stop-container'],
    ['restarting', noRestart, 'stop-container'],
    ['paused', noRestart, 'unpause-container'],
    ['exited', promoted, 'remove-container'],
    ['created', noRestart, 'remove-container'],
    ['dead', noRestart, 'remove-container'],
    ['removing', noRestart, 'remove-container'],
  ])('of one that is %s with policy %o', (state, restart, kind) => {
    const instance = anInstance(service, {}, { state, restart });

    const action = nextRetirement(instance, service);

    expect(action).toMatchObject({ kind, name: instance.container.name });
    expect('guard' in action && action.guard.states).toContain(state);
  });

  it('takes the restart policy away, and nothing else', () => {
    expect(nextRetirement(anInstance(service), service)).toMatchObject({
      restart: noRestart,
      resources: null,
    });
  });

  it.each([
    ["that the commit asks for, whatever the container's own is", 9_000, service, 3_000],
    ['that the commit asks for', null, service, 3_000],
    ['that the engine has, when the commit asks for none any more', 9_000, aService(), 10_000],
    ['that the container has, when its version is not known', 9_000, null, 9_000],
  ])('stops with the grace %s', (_name, own, ofVersion, graceMs) => {
    const { container, ...instance } = anInstance(service, {}, { restart: noRestart });
    const spec = { ...container.spec, stopGraceMs: own };

    const action = nextRetirement({ ...instance, container: { ...container, spec } }, ofVersion);

    expect(action).toMatchObject({ graceMs });
  });
});

describe('guardOf()', () => {
  it('binds a step to the id and the labels of one container', () => {
    const { container, ...instance } = anInstance(service);

    expect(guardOf({ container, ...instance }, ['running'])).toEqual({
      id: container.id,
      self: container.labels[label.self],
      states: ['running'],
    });
  });
});

describe('retirementEntries()', () => {
  it('notes a stop, and no other step of the way out', () => {
    const stopping = anInstance(service, {}, { restart: noRestart });

    expect(retirementEntries(stopping, nextRetirement(stopping, service))).toEqual([
      { kind: 'instance-retired', slot: 'shop/web/1', container: stopping.container.id },
    ]);
    const promoted = anInstance(service);
    expect(retirementEntries(promoted, nextRetirement(promoted, service))).toEqual([]);
  });
});
