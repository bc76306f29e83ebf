import { request } from 'node:http';
import { Agent } from 'node:https';
import type { AgentOptions, RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { connect } from 'node:tls';

import { refusedByProxy } from './judge-answer.ts';
import type { ProxyOptions } from './proxy.ts';
import { parseProxy, proxyHeaders } from './proxy.ts';
import { networkTrouble, unreachable } from './reach.ts';

/** Speaks TLS with the server through a tunnel of the proxy, which sees nothing of it. */
export class TunnelAgent extends Agent {
  readonly #proxy: ProxyOptions;
  readonly #timeoutMs: number;

  constructor(options: AgentOptions, proxy: ProxyOptions, timeoutMs: number) {
    super(options);
    this.#proxy = proxy;
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(
    options: RequestOptions,
    onSocket?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const target = { host: options.host ?? '', port: Number(options.port) };
    openTunnel(this.#proxy, target, this.#timeoutMs).then(
      (socket) => onSocket?.(null, connect({ ...(options as ConnectionOptions), socket })),
      (error: Error) => onSocket?.(error, new Duplex()),
    );
  }
}

/**
 * Lets the proxy connect to a server.
 *
 * @throws StalledError `AuthenticationFailed`; TransientError `GitUnreachable`
 */
async function openTunnel(
  proxy: ProxyOptions,
  target: { readonly host: string; readonly port: number },
  timeoutMs: number,
): Promise<Socket> {
  const { hostname, port, host } = parseProxy(proxy.url);
  const place = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const headers = { host: place, ...(await proxyHeaders(proxy)) };
  const connect = { hostname, port, method: 'CONNECT', path: place, headers, agent: false };
  return new Promise((resolve, reject) => {
    const asking = request({ ...connect, signal: AbortSignal.timeout(timeoutMs) });
    asking.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(
        statusCode === 407
          ? refusedByProxy(place)
          : unreachable(place, `the proxy ${host} answers HTTP ${statusCode}`),
      );
    });
    asking.on('error', (error) => {
      const isLate = error.name === 'AbortError' || error.name === 'TimeoutError';
      const why = isLate ? `no answer for ${timeoutMs / 1000} s` : networkTrouble(error);
      reject(unreachable(place, `the proxy ${host} cannot be used: ${why}`));
    });
    asking.end();
  });
}
