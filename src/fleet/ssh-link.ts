import type { Client, ClientChannel } from 'ssh2';

import { messageOf, StalledError } from '../model/errors.ts';
import type { SshEndpoint } from '../model/fleet.ts';
import { networkTrouble } from '../model/network-trouble.ts';
import { connectSsh } from '../ssh/connect.ts';
import { knownName } from '../ssh/known-hosts.ts';
import { ChannelSocket } from './channel-socket.ts';
import { dialStdio, tryDialStdio } from './dial-stdio.ts';
import { EngineError } from './engine-error.ts';
import type { SshCredentials } from './ssh-credentials.ts';

/** Shorter than a read may take, so that it is the cause that is told. */
const readyTimeoutMs = 8_000;
/** A connection that died is noticed within twelve seconds. */
const keepAliveMs = 3_000;

export interface SshLinkOptions {
  readonly endpoint: SshEndpoint;
  readonly credentials: SshCredentials;
  /** From now on each channel runs a program there, of which a server permits few at a time. */
  readonly onDial: () => void;
}

/**
 * The one connection to a host over SSH, made for the first channel. A channel leads to the socket of the engine; where the
 * server forwards to no socket, through `docker system dial-stdio`. Once the connection has ended it stays so.
 */
export class SshLink {
  readonly #options: SshLinkOptions;
  readonly #name: string;
  readonly #sockets = new Set<ChannelSocket>();
  #client: Promise<Client> | undefined;
  #dialing: Promise<void> | undefined;
  #isClosing = false;

  constructor(options: SshLinkOptions) {
    this.#options = options;
    this.#name = knownName(options.endpoint.host, options.endpoint.port);
  }

  /** A connection to the engine. It ends with an EngineError `unreachable` when there is no way to it. */
  socket(): ChannelSocket {
    const socket = new ChannelSocket(() => this.#open());
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#endWhenIdle();
    });
    return socket;
  }

  /** Ends the connection as soon as no channel is left. */
  close(): void {
    this.#isClosing = true;
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (!this.#isClosing || this.#sockets.size > 0) return;
    this.#client?.then(
      (client) => client.end(),
      () => {},
    );
  }

  async #open(): Promise<ClientChannel> {
    const { endpoint, onDial } = this.#options;
    this.#client ??= this.#connect();
    const client = await this.#client;
    try {
      if (this.#dialing === undefined) return await forward(client, endpoint.path);
    } catch (error) {
      if (!isRefusal(error)) throw this.#unreachable(`the connection has ended`, error);
      if (this.#dialing === undefined) {
        onDial();
        this.#dialing = this.#tryDialing(client);
      }
    }
    await this.#dialing;
    try {
      return await dialStdio(client, endpoint.path);
    } catch (error) {
      throw this.#unreachable(`it starts no program: ${messageOf(error)}`, error);
    }
  }

  async #connect(): Promise<Client> {
    const { endpoint: server, credentials } = this.#options;
    const access = { server, ...credentials.files, readyTimeoutMs, keepAliveMs };
    try {
      const client = await connectSsh(access, credentials.material);
      // Calls are small and wait for their answer.
      return client.setNoDelay(true);
    } catch (error) {
      if (!(error instanceof StalledError)) throw this.#unreachable(networkTrouble(error), error);
      throw new EngineError('unreachable', error.message, 0, { cause: error });
    }
  }

  async #tryDialing(client: Client): Promise<void> {
    const { path, user } = this.#options.endpoint;
    const words = await tryDialStdio(client, path);
    if (words === null) return;
    throw this.#unreachable(
      `it does not forward to ${path}, and docker system dial-stdio ${words}. Check that dockerd runs there, and that ${user} may use its socket`,
    );
  }

  #unreachable(why: string, cause?: unknown): EngineError {
    return new EngineError('unreachable', `Cannot reach ${this.#name} over SSH: ${why}`, 0, {
      cause,
    });
  }
}

function forward(client: Client, path: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.openssh_forwardOutStreamLocal(path, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
}

/** The server is there and opens no such channel: it may not, or nothing listens at the socket. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && typeof error.reason === 'number';
}
