import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';

import type { Endpoint } from '../model/fleet.ts';
import type { HostCredentials, TlsCredentials } from './credentials.ts';
import { closeIdle, quiet } from './quiet-agent.ts';
import { openSshAgents } from './ssh-agents.ts';

/** What makes the connections to one engine. */
export interface EngineAgents {
  /** For calls; their connections are kept. */
  readonly calls: HttpAgent;
  /** For answers that may take long: each has a connection of its own, so that it takes none from the calls. */
  readonly streams: HttpAgent;
  /** Closes all connections that are idle, and the others as soon as their calls are over. */
  close(): void;
}

export function openAgents(endpoint: Endpoint, credentials: HostCredentials | null): EngineAgents {
  if (endpoint.kind === 'ssh') {
    if (credentials?.kind !== 'ssh') throw new Error('ssh takes credentials of its own');
    return openSshAgents(endpoint, credentials);
  }
  const tls = credentials?.kind === 'tls' ? credentials : null;
  const calls = directAgent(tls, { keepAlive: true, maxSockets: 16 });
  const streams = directAgent(tls, { keepAlive: false });
  return {
    calls,
    streams,
    close() {
      for (const agent of [calls, streams]) closeIdle(agent);
    },
  };
}

function directAgent(
  credentials: TlsCredentials | null,
  options: { readonly keepAlive: boolean; readonly maxSockets?: number },
): HttpAgent {
  const agent =
    credentials === null
      ? new HttpAgent(options)
      : new HttpsAgent({ ...options, ...pemOf(credentials), rejectUnauthorized: true });
  const connect = agent.createConnection.bind(agent);
  return quiet(agent, (...options) => {
    const socket = connect(...options);
    if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveMs);
    return socket;
  });
}

function pemOf({ ca, cert, key }: TlsCredentials): Omit<TlsCredentials, 'kind'> {
  return { ca, cert, key };
}

/**
 * A connection that has been silent for so long is checked by the kernel, and given up some ten seconds later. Node does
 * not ask for that on TLS connections, and a host that lost its power says nothing: its events, or the answer to a pull,
 * would be waited for as long as the process lives.
 */
const keepAliveMs = 10_000;
