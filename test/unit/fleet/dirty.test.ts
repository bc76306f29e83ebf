import { expect, it } from 'vitest';

import { clean, dirtyByEvent, mergeDirty } from '../../../src/fleet/dirty.ts';

it.each([
  {
    name: 'a container',
    event: { Type: 'container', Action: 'die', Actor: { ID: 'c1' } },
    dirty: { containers: new Set(['c1']) },
  },
  {
    name: 'an attachment',
    event: {
      Type: 'network',
      Action: 'disconnect',
      Actor: { ID: 'n1', Attributes: { container: 'c1' } },
    },
    dirty: { containers: new Set(['c1']) },
  },
  {
    name: 'a network',
    event: { Type: 'network', Action: 'destroy', Actor: { ID: 'n1' } },
    dirty: { networks: true },
  },
  {
    name: 'a volume',
    event: { Type: 'volume', Action: 'create', Actor: { ID: 'v' } },
    dirty: { volumes: true },
  },
  {
    name: 'an image',
    event: { Type: 'image', Action: 'untag', Actor: { ID: 'i' } },
    dirty: { images: true },
  },
  { name: 'what it does not know', event: { Type: 'plugin' }, dirty: {} },
  { name: 'nothing', event: {}, dirty: {} },
])('dirtyByEvent() of $name', ({ event, dirty }) => {
  expect(dirtyByEvent(event)).toEqual({ ...clean, ...dirty });
});

it('mergeDirty() forgets nothing', () => {
  const a = { ...clean, containers: new Set(['a']), images: true };
  const b = { ...clean, containers: new Set(['b']), networks: true };

  expect(mergeDirty(a, b)).toEqual({
    containers: new Set(['a', 'b']),
    files: new Set(),
    networks: true,
    volumes: false,
    images: true,
  });
});
