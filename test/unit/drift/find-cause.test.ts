import { describe, expect, it } from 'vitest';

import { findCause } from '../../../src/drift/find-cause.ts';
import type { DriftItem } from '../../../src/model/drift.ts';
import type { EngineChange } from '../../../src/model/engine-change.ts';
import { toContainerId } from '../../../src/model/names.ts';
import { aDriftItem } from '../../support/builders.ts';

const cafe = toContainerId('cafe');

/** Something done to the container of the item, unless it is said otherwise. */
function change(facts: Partial<EngineChange> & Pick<EngineChange, 'kind' | 'at'>): EngineChange {
  return { container: cafe, slot: 'shop/web/1', object: '', detail: '', ...facts };
}

const missing = { class: 'missing', path: '', container: '', containerId: null } as const;
const stopped = { class: 'stopped', path: 'state' } as const;
const attached = { class: 'network', path: 'networks.front' } as const;
const ofNetwork = { ...attached, path: 'networks.front.driver', containerId: null } as const;
const ofVolume = { class: 'volume', path: 'volumes.data.driver', containerId: null } as const;
const die = change({ kind: 'die', at: 5_000, detail: '137' });
const whole = { container: null, slot: '' } as const;

const cases: readonly [string, Partial<DriftItem>, readonly EngineChange[], string | null][] = [
  ['a limit', {}, [change({ kind: 'update', at: 5_000 })], 'docker update'],
  ['a file', { path: 'configs./a' }, [change({ kind: 'copy', at: 5_000 })], 'docker cp'],
  ['a file by an update', { path: 'configs./a' }, [change({ kind: 'update', at: 5_000 })], null],
  [
    'what only another container has',
    { class: 'immutable-field', path: 'environment.A' },
    [change({ kind: 'create', at: 5_000 }), change({ kind: 'update', at: 6_000 })],
    'docker create',
  ],
  ['a removal', missing, [change({ kind: 'destroy', at: 5_000 })], 'docker rm'],
  ['another slot', missing, [change({ kind: 'destroy', at: 5_000, slot: 'shop/web/2' })], null],
  ['a pause', { class: 'paused' }, [change({ kind: 'pause', at: 5_000 })], 'docker pause'],
  ['an end', stopped, [die], 'exited with code 137'],
  [
    'an end for want of memory',
    stopped,
    [change({ kind: 'oom', at: 4_990 }), die],
    'exited with code 137 after oom',
  ],
  [
    'a signal',
    stopped,
    [change({ kind: 'kill', at: 4_990, detail: '9' }), die],
    'killed by signal 9',
  ],
  [
    'a signal long before',
    stopped,
    [change({ kind: 'kill', at: -90_000, detail: '1' }), die],
    'exited with code 137',
  ],
  [
    'a stop, which sends a signal',
    stopped,
    [change({ kind: 'kill', at: 4_000, detail: '15' }), die, change({ kind: 'stop', at: 5_010 })],
    'docker stop',
  ],
  [
    'a name',
    { class: 'renamed' },
    [change({ kind: 'rename', at: 5_000, detail: 'web' })],
    'docker rename web',
  ],
  [
    'a bad check',
    { class: 'unhealthy' },
    [change({ kind: 'health', at: 5_000 })],
    'its HEALTHCHECK failed',
  ],
  [
    'an attachment',
    attached,
    [
      change({ kind: 'disconnect', at: 5_000, object: 'shop_front' }),
      change({ kind: 'disconnect', at: 6_000, object: 'shop_back' }),
    ],
    'docker network disconnect',
  ],
  [
    'a network',
    ofNetwork,
    [change({ kind: 'create', at: 5_000, ...whole, object: 'shop_front' })],
    'docker network create',
  ],
  [
    'a volume',
    ofVolume,
    [change({ kind: 'create', at: 5_000, ...whole, object: 'shop_data' })],
    'docker volume create',
  ],
  ['a copy', { class: 'copy' }, [change({ kind: 'create', at: 5_000 })], 'docker create'],
  ['a tag that has moved', { class: 'tag-moved' }, [change({ kind: 'update', at: 5_000 })], null],
  [
    'another container',
    {},
    [change({ kind: 'update', at: 5_000, container: toContainerId('b') })],
    null,
  ],
  ['nothing', {}, [], null],
];

describe('findCause()', () => {
  it.each(cases)('explains %s', (_what, facts, changes, detail) => {
    const cause = findCause(aDriftItem(facts), changes);

    expect(cause?.detail ?? null).toBe(detail);
    if (detail !== null) expect(cause?.at).toBe(5_000);
  });

  it('goes by the last of several', () => {
    const changes = [change({ kind: 'update', at: 1 }), change({ kind: 'update', at: 2 })];

    expect(findCause(aDriftItem(), changes)).toEqual({
      kind: 'update',
      at: 2,
      detail: 'docker update',
    });
  });
});
