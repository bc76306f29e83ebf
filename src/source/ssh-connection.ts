import type { Client, ClientChannel } from 'ssh2';

import { messageOf, StalledError } from '../model/errors.ts';
import type { SshAccess, SshMaterial } from '../ssh/connect.ts';
import { connectSsh, readMaterial } from '../ssh/connect.ts';
import { knownName } from '../ssh/known-hosts.ts';
import { networkTrouble, unreachable } from './reach.ts';

export type SshConnectionOptions = Omit<SshAccess, 'keepAliveMs'>;

interface Link {
  readonly client: Client;
  readonly material: SshMaterial;
  /** It ended, or is about to. */
  isOver: boolean;
}

/** A connection that died between two questions is noticed within a minute. */
const keepAliveMs = 15_000;

/**
 * One connection to an SSH server, which is made when it is needed and kept. It is made anew when it is gone, and when a
 * file has another content than it was made with.
 */
export class SshConnection {
  readonly #access: SshAccess;
  /** How messages name the server. */
  readonly #host: string;
  #link: Promise<Link> | undefined;
  #isClosed = false;

  constructor(options: SshConnectionOptions) {
    this.#access = { ...options, keepAliveMs };
    this.#host = knownName(options.server.host, options.server.port);
  }

  /**
   * Starts a command there.
   *
   * @throws StalledError `AuthenticationFailed`, `HostKeyUnknown`, `HostKeyChanged`; TransientError `GitUnreachable`
   */
  async exec(command: string, env: Readonly<Record<string, string>>): Promise<ClientChannel> {
    const material = await readMaterial(this.#access);
    const before = this.#link;
    const link = await this.#linked(material);
    const isKept = this.#link === before;
    try {
      return await this.#start(link, command, env);
    } catch (error) {
      if (!isKept) throw error;
    }
    // It died unnoticed: that says nothing about the server.
    end(link);
    return this.#start(await this.#linked(material), command, env);
  }

  /** Ends the connection, and all that runs over it; the next command makes a new one. */
  drop(): void {
    this.#link?.then(end, () => {});
    this.#link = undefined;
  }

  /** Ends it for good. */
  close(): void {
    this.#isClosed = true;
    this.drop();
  }

  /** The kept connection, or a new one when there is none, or its files held something else. */
  async #linked(material: SshMaterial): Promise<Link> {
    const promise = this.#link;
    const link = await promise?.catch(() => undefined);
    if (link !== undefined && !link.isOver && isSame(link.material, material)) return link;
    // Somebody else has made one meanwhile.
    if (this.#link !== promise) return this.#linked(material);
    if (this.#isClosed) throw unreachable(this.#host, 'it is not followed any more');
    if (link !== undefined) end(link);
    this.#link = this.#open(material);
    return this.#link;
  }

  async #open(material: SshMaterial): Promise<Link> {
    try {
      const client = await connectSsh(this.#access, material);
      const link: Link = { client, material, isOver: false };
      client.once('close', () => {
        link.isOver = true;
      });
      return link;
    } catch (error) {
      if (error instanceof StalledError) throw error;
      throw unreachable(this.#host, networkTrouble(error), { cause: error });
    }
  }

  #start(
    { client }: Link,
    command: string,
    env: Readonly<Record<string, string>>,
  ): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        reject(unreachable(this.#host, `it starts no program: ${messageOf(error)}`));
      };
      try {
        client.exec(command, { env }, (error, channel) => {
          if (error === undefined) resolve(channel);
          else fail(error);
        });
      } catch (error) {
        fail(error);
      }
    });
  }
}

function end(link: Link): void {
  link.isOver = true;
  link.client.destroy();
}

function isSame(one: SshMaterial, other: SshMaterial): boolean {
  return (
    one.knownHosts.equals(other.knownHosts) &&
    one.identity.passphrase === other.identity.passphrase &&
    (one.identity.key?.equals(other.identity.key ?? Buffer.alloc(0)) ?? true)
  );
}
