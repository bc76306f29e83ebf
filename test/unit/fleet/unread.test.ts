import { expect, it } from 'vitest';

import { clean } from '../../../src/fleet/dirty.ts';
import { Unread } from '../../../src/fleet/unread.ts';

const a = { ...clean, containers: new Set(['a']) };
const b = { ...clean, containers: new Set(['b']) };

it('take() gives everything once', () => {
  const unread = new Unread();
  unread.add({ ...a, networks: true });
  unread.add({ ...b, images: true });

  expect(unread.take()).toEqual({
    containers: new Set(['a', 'b']),
    files: new Set(),
    networks: true,
    volumes: false,
    images: true,
  });
  expect(unread.take()).toBeNull();
});

it('take() leaves a container to its step, and keeps it for afterwards', () => {
  const unread = new Unread();
  const end = unread.leave(a.containers);
  unread.add(a);
  unread.add(b);

  expect(unread.take()).toEqual(b);
  expect(unread.take()).toBeNull();
  end();
  expect(unread.take()).toEqual(a);
});

it('a container is left to all of its steps', () => {
  const unread = new Unread();
  const endOne = unread.leave(a.containers);
  const endOther = unread.leave(a.containers);
  unread.add(a);

  endOne();
  endOne();
  expect(unread.take()).toBeNull();
  endOther();
  expect(unread.take()).toEqual(a);
});

it('cover() forgets what was said before, not what is said after', () => {
  const unread = new Unread();
  unread.add({ ...a, volumes: true, images: true });

  unread.cover({ ...a, volumes: true });
  expect(unread.take()).toEqual({ ...clean, images: true });
  unread.add({ ...a, volumes: true });
  expect(unread.take()).toEqual({ ...a, volumes: true });
});

it('clear() forgets everything that was said', () => {
  const unread = new Unread();
  unread.add({ ...a, networks: true });

  unread.clear();

  expect(unread.take()).toBeNull();
});
