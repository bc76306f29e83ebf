import type { Agent } from 'node:http';
import { inspect } from 'node:util';

/**
 * docker-modem runs util.inspect over the options of every request, all properties and at any depth. An agent holds its
 * sockets, so that took up to 100 ms per request; it also holds the private key.
 */
export function quiet(agent: Agent, createConnection: Agent['createConnection']): Agent {
  return Object.assign(agent, { [inspect.custom]: () => 'agent', createConnection });
}

/** Closes the connections that no call uses, and lets the others end with theirs. */
export function closeIdle(agent: Agent): void {
  Object.assign(agent, { maxFreeSockets: 0 });
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
