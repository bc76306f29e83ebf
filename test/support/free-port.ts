import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port on which nothing listens now. */
export async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('there is no port');
  return bound.port;
}
