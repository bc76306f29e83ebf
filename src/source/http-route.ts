import type { Agent } from 'node:http';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { AgentOptions } from 'node:https';
import type { SecureContext } from 'node:tls';
import { createSecureContext, rootCertificates } from 'node:tls';

import { messageOf } from '../model/errors.ts';
import { readCredential, refuseCredential } from '../secrets/credential-file.ts';
import type { ProxyOptions } from './proxy.ts';
import { isSpared, parseProxy, proxyHeaders } from './proxy.ts';
import { TunnelAgent } from './tunnel.ts';

/** Whom to trust over TLS, and who we are. All are PEM files, and read at each use. */
export interface TlsOptions {
  /** Authorities that are trusted beside those that Node.js trusts. */
  readonly caFile?: string | undefined;
  readonly clientCertFile?: string | undefined;
  readonly clientKeyFile?: string | undefined;
}

export interface HttpRouteOptions extends TlsOptions {
  readonly proxy?: ProxyOptions | undefined;
  /** How long a proxy may take to answer. */
  readonly tunnelTimeoutMs: number;
}

/** How one request leaves. */
export interface Hop {
  readonly agent: Agent;
  /** Set when it goes to a proxy as it is, which plain HTTP does: where that is, and what it wants to see. */
  readonly proxy?: {
    readonly url: URL;
    readonly headers: Readonly<Record<string, string>>;
  };
}

/** The connections to servers, direct or through a proxy. They are kept until a file has another content. */
export class HttpRoute {
  readonly #options: HttpRouteOptions;
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: 2 });
  /** By whether the client certificate is shown, and the proxy used: the agent, and what the files held. */
  readonly #secure = new Map<
    string,
    { readonly agent: HttpsAgent; readonly pems: readonly Buffer[] }
  >();

  constructor(options: HttpRouteOptions) {
    this.#options = options;
  }

  /**
   * @param isOwn whether it is the server of the repository: only that gets to see the client certificate
   * @throws StalledError `AuthenticationFailed` when a file cannot be used
   */
  async hop(url: URL, isOwn: boolean): Promise<Hop> {
    const { proxy } = this.#options;
    const through = proxy === undefined || isSpared(url, proxy.bypass ?? '') ? undefined : proxy;
    if (url.protocol === 'https:') return { agent: await this.#secureAgent(through, isOwn) };
    if (through === undefined) return { agent: this.#plain };
    const headers = await proxyHeaders(through);
    return { agent: this.#plain, proxy: { url: parseProxy(through.url), headers } };
  }

  close(): void {
    this.#plain.destroy();
    for (const { agent } of this.#secure.values()) agent.destroy();
  }

  async #secureAgent(through: ProxyOptions | undefined, isOwn: boolean): Promise<HttpsAgent> {
    const pems = await this.#readPems(isOwn);
    const kind = `${isOwn} ${through !== undefined}`;
    const known = this.#secure.get(kind);
    if (known?.pems.every((pem, index) => pem.equals(pems[index] ?? nothing)) === true) {
      return known.agent;
    }
    const secureContext = this.#context(pems);
    const options = { keepAlive: true, maxSockets: 2, secureContext } as AgentOptions;
    const { tunnelTimeoutMs } = this.#options;
    const agent =
      through === undefined
        ? new HttpsAgent(options)
        : new TunnelAgent(options, through, tunnelTimeoutMs);
    this.#secure.set(kind, { agent, pems });
    known?.agent.destroy();
    return agent;
  }

  /** Authorities, certificate and key; empty for what is not configured. */
  async #readPems(isOwn: boolean): Promise<readonly [Buffer, Buffer, Buffer]> {
    const { caFile, clientCertFile, clientKeyFile } = this.#options;
    const own = isOwn ? { clientCertFile, clientKeyFile } : {};
    return [
      await readPem(caFile, 'file of authorities'),
      await readPem(own.clientCertFile, 'client certificate'),
      await readPem(own.clientKeyFile, 'key of the client certificate'),
    ];
  }

  #context([ca, cert, key]: readonly [Buffer, Buffer, Buffer]): SecureContext {
    const { caFile = '', clientCertFile = '', clientKeyFile } = this.#options;
    try {
      return createSecureContext({
        ...(ca.length === 0 ? {} : { ca: [...rootCertificates, ca] }),
        ...(cert.length === 0 ? {} : { cert, key }),
      });
    } catch (error) {
      const isOurs = cert.length > 0;
      const what = isOurs ? 'client certificate' : 'file of authorities';
      const why = isOurs
        ? `${messageOf(error)} (with the key "${clientKeyFile}")`
        : messageOf(error);
      throw refuseCredential('use', what, isOurs ? clientCertFile : caFile, why);
    }
  }
}

const nothing = Buffer.alloc(0);

async function readPem(file: string | undefined, what: string): Promise<Buffer> {
  if (file === undefined) return nothing;
  const pem = await readCredential(file, what);
  if (pem.includes('-----BEGIN ')) return pem;
  throw refuseCredential('use', what, file, 'it is not a PEM file');
}
