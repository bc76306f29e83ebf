import { expect, it } from 'vitest';

import { toContainerId, toHostName } from '../../../src/model/names.ts';
import type {
  ContainerHealth,
  ContainerState,
  ObservedContainer,
} from '../../../src/model/observation.ts';
import { findContainer, isBetterNow } from '../../../src/reconcile/fresh-look.ts';
import { anInstance, aReachableHost, aService } from '../../support/builders.ts';

const host = toHostName('host-1');

function look(state: ContainerState, health: ContainerHealth): ObservedContainer {
  return anInstance(aService(), {}, { state, health }).container;
}

it.each([
  ['it was starting and is healthy', look('running', 'starting'), look('running', 'healthy'), true],
  ['it was nowhere and runs', null, look('running', 'none'), true],
  ['it runs as before', look('running', 'none'), look('running', 'none'), false],
  ['it is still unhealthy', look('running', 'unhealthy'), look('running', 'unhealthy'), false],
  ['it has ended since', look('running', 'healthy'), look('exited', 'none'), false],
  ['it is gone', look('running', 'starting'), null, false],
])('isBetterNow(): %s', (_name, before, now, expected) => {
  expect(isBetterNow(before, now)).toBe(expected);
});

it('findContainer() finds nothing where nothing can be seen', () => {
  const container = look('running', 'none');
  const seen = { ...aReachableHost('host-1'), containers: [container] };
  const unseen = { kind: 'unreachable', host, since: 0, reason: 'test' } as const;

  expect(findContainer(new Map([[host, seen]]), host, container.id)).toBe(container);
  expect(findContainer(new Map([[host, seen]]), host, toContainerId('other'))).toBeNull();
  expect(findContainer(new Map([[host, unseen]]), host, container.id)).toBeNull();
  expect(findContainer(new Map(), null, null)).toBeNull();
});
