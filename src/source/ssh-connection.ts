import type { ClientChannel, ConnectConfig } from 'ssh2';
import ssh2 from 'ssh2';

import type { TransientError } from '../model/errors.ts';
import { messageOf, StalledError } from '../model/errors.ts';
import { readCredential, refuseCredential } from './credential-file.ts';
import { askedAlgorithms, readHostKey } from './host-key.ts';
import { judgeHostKey, noKnownType } from './judge-host-key.ts';
import type { KnownKeys } from './known-hosts.ts';
import { findKnownKeys, knownName } from './known-hosts.ts';
import { networkTrouble, unreachable } from './reach.ts';
import type { SshAddress } from './ssh-address.ts';
import type { SshIdentity, SshIdentityOptions } from './ssh-identity.ts';
import { authMethod, readIdentity } from './ssh-identity.ts';

export interface SshConnectionOptions extends SshIdentityOptions {
  readonly address: SshAddress;
  /** Tells whom to trust. */
  readonly knownHostsFile: string;
  /** How long the server may take until we are let in. */
  readonly readyTimeoutMs: number;
}

/** What the files held when a connection was made. */
interface Material {
  readonly identity: SshIdentity;
  readonly knownHosts: Buffer;
}

interface Link {
  readonly client: ssh2.Client;
  readonly material: Material;
  /** It ended, or is about to. */
  isOver: boolean;
}

/** A connection that died between two questions is noticed within a minute. */
const keepalive = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };

/**
 * One connection to an SSH server, which is made when it is needed and kept. It is made anew when it is gone, and when a
 * file has another content than it was made with.
 */
export class SshConnection {
  readonly #options: SshConnectionOptions;
  /** How messages name the server. */
  readonly #host: string;
  #link: Promise<Link> | undefined;
  #isClosed = false;

  constructor(options: SshConnectionOptions) {
    this.#options = options;
    this.#host = knownName(options.address.host, options.address.port);
  }

  /**
   * Starts a command there.
   *
   * @throws StalledError `AuthenticationFailed`, `HostKeyUnknown`, `HostKeyChanged`; TransientError `GitUnreachable`
   */
  async exec(command: string, env: Readonly<Record<string, string>>): Promise<ClientChannel> {
    const material = await this.#read();
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

  async #read(): Promise<Material> {
    const identity = await readIdentity(this.#options);
    const knownHosts = await readCredential(this.#options.knownHostsFile, 'known_hosts file');
    return { identity, knownHosts };
  }

  /** The kept connection, or a new one when there is none, or its files held something else. */
  async #linked(material: Material): Promise<Link> {
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

  async #open(material: Material): Promise<Link> {
    const { address, knownHostsFile, readyTimeoutMs } = this.#options;
    const { host, port, user } = address;
    const lookup = { name: this.#host, file: knownHostsFile };
    const known = findKnownKeys(material.knownHosts.toString('utf8'), this.#host);
    const serverHostKey = askedAlgorithms(known.keys);
    if (serverHostKey.length === 0) throw noKnownType(known, lookup);
    let refusal: StalledError | undefined;
    const client = new ssh2.Client();
    const config: ConnectConfig = {
      host,
      port,
      username: user,
      authHandler: [await authMethod(this.#options, material.identity, user)],
      algorithms: { serverHostKey },
      hostVerifier: (blob: Buffer) => {
        const shown = readHostKey(blob);
        if (shown === undefined) return false;
        refusal = judgeHostKey(known, shown, lookup);
        return refusal === undefined;
      },
      readyTimeout: readyTimeoutMs,
      ...keepalive,
    };
    try {
      await ready(client, config);
      const link: Link = { client, material, isOver: false };
      client.once('close', () => {
        link.isOver = true;
      });
      return link;
    } catch (error) {
      client.destroy();
      throw refusal ?? this.#failure(error, known);
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

  /** Why no connection came about. */
  #failure(error: unknown, known: KnownKeys): StalledError | TransientError {
    const { keyFile, agent, address, knownHostsFile, readyTimeoutMs } = this.#options;
    const level = error instanceof Error && 'level' in error ? String(error.level) : '';
    if (level === 'client-authentication' || tooManyTries.test(messageOf(error))) {
      const means = keyFile === undefined ? `no key of the agent "${agent}"` : `not "${keyFile}"`;
      return new StalledError(
        'AuthenticationFailed',
        `Cannot log in to ${this.#host} as ${address.user}: the server takes ${means}. Add the public key there, or check the user name`,
        { cause: error },
      );
    }
    if (level === 'client-timeout') {
      return unreachable(this.#host, `it let nobody in for ${readyTimeoutMs / 1000} s`);
    }
    const text = messageOf(error);
    if (level === 'agent' && agent !== undefined) {
      return refuseCredential('use', 'SSH agent', agent, text, error);
    }
    if (known.keys.length > 0 && /no matching host key/i.test(text)) {
      return noKnownType(known, { name: this.#host, file: knownHostsFile });
    }
    return unreachable(this.#host, networkTrouble(error), { cause: error });
  }
}

/** How a server takes leave of an agent that offers it one key after the other. */
const tooManyTries = /too many authentication failures/i;

function ready(client: ssh2.Client, config: ConnectConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('ready', resolve);
    // Stays for the life of the connection: later trouble shows as its end.
    client.on('error', reject);
    client.once('close', () => reject(new Error('the server closed the connection')));
    client.connect(config);
  });
}

function end(link: Link): void {
  link.isOver = true;
  link.client.destroy();
}

function isSame(one: Material, other: Material): boolean {
  return (
    one.knownHosts.equals(other.knownHosts) &&
    one.identity.passphrase === other.identity.passphrase &&
    (one.identity.key?.equals(other.identity.key ?? Buffer.alloc(0)) ?? true)
  );
}
