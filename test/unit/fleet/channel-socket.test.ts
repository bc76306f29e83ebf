import { once } from 'node:events';

import { expect, it } from 'vitest';

import { ChannelSocket } from '../../../src/fleet/channel-socket.ts';

it('a channel that cannot be opened ends nothing but itself when nobody listens any more', async () => {
  const socket = new ChannelSocket(() => Promise.reject(new Error('the connection has ended')));
  const unheard: Error[] = [];
  const note = (error: Error): void => void unheard.push(error);
  process.prependListener('uncaughtException', note);

  await new Promise((resolve) => {
    socket.on('close', resolve);
  });
  process.off('uncaughtException', note);

  expect(socket.destroyed).toBe(true);
  expect(unheard).toEqual([]);
});

it('a channel that cannot be opened tells who listens', async () => {
  const socket = new ChannelSocket(() => Promise.reject(new Error('the connection has ended')));

  const [error] = (await once(socket, 'error')) as [Error];

  expect(error.message).toBe('the connection has ended');
});
