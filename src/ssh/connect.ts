import type { ConnectConfig } from 'ssh2';
import ssh2 from 'ssh2';

import { messageOf, StalledError } from '../model/errors.ts';
import { readCredential, refuseCredential } from '../secrets/credential-file.ts';
import { askedAlgorithms, readHostKey } from './host-key.ts';
import type { SshIdentity, SshIdentityOptions } from './identity.ts';
import { authMethod, readIdentity } from './identity.ts';
import { judgeHostKey, noKnownType } from './judge-host-key.ts';
import type { KnownKeys } from './known-hosts.ts';
import { findKnownKeys, knownName } from './known-hosts.ts';

/** Whom to speak to over SSH, and as whom. */
export interface SshServer {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

export interface SshAccess extends SshIdentityOptions {
  readonly server: SshServer;
  /** Tells whom to trust. */
  readonly knownHostsFile: string;
  /** How long the server may take until we are let in. */
  readonly readyTimeoutMs: number;
  /** A silent connection is asked for a sign of life at this interval; it has ended when three remain unanswered. */
  readonly keepAliveMs: number;
}

/** What the files held when a connection was made. */
export interface SshMaterial {
  readonly identity: SshIdentity;
  readonly knownHosts: Buffer;
}

const missedSigns = 3;

/** @throws StalledError `AuthenticationFailed` */
export async function readMaterial(access: SshAccess): Promise<SshMaterial> {
  const identity = await readIdentity(access);
  const knownHosts = await readCredential(access.knownHostsFile, 'known_hosts file');
  return { identity, knownHosts };
}

/**
 * Makes a connection on which both sides have proven who they are.
 *
 * @throws StalledError `AuthenticationFailed`, `HostKeyUnknown`, `HostKeyChanged`; Error of the network or of the protocol
 */
export async function connectSsh(access: SshAccess, material: SshMaterial): Promise<ssh2.Client> {
  const { server, knownHostsFile, readyTimeoutMs, keepAliveMs } = access;
  const { host, port, user } = server;
  const name = knownName(host, port);
  const lookup = { name, file: knownHostsFile };
  const known = findKnownKeys(material.knownHosts.toString('utf8'), name);
  const serverHostKey = askedAlgorithms(known.keys);
  if (serverHostKey.length === 0) throw noKnownType(known, lookup);
  let refusal: StalledError | undefined;
  const client = new ssh2.Client();
  const config: ConnectConfig = {
    host,
    port,
    username: user,
    authHandler: [await authMethod(access, material.identity, user)],
    algorithms: { serverHostKey },
    hostVerifier: (blob: Buffer) => {
      const shown = readHostKey(blob);
      if (shown === undefined) return false;
      refusal = judgeHostKey(known, shown, lookup);
      return refusal === undefined;
    },
    readyTimeout: readyTimeoutMs,
    keepaliveInterval: keepAliveMs,
    keepaliveCountMax: missedSigns,
  };
  try {
    await ready(client, config);
    return client;
  } catch (error) {
    client.destroy();
    throw refusal ?? failure(error, access, known);
  }
}

/** How a server takes leave of an agent that offers it one key after the other. */
const tooManyTries = /too many authentication failures/i;

/** Why no connection came about. */
function failure(error: unknown, access: SshAccess, known: KnownKeys): unknown {
  const { keyFile, agent, server, knownHostsFile, readyTimeoutMs } = access;
  const name = knownName(server.host, server.port);
  const level = error instanceof Error && 'level' in error ? String(error.level) : '';
  const text = messageOf(error);
  if (level === 'client-authentication' || tooManyTries.test(text)) {
    const means = keyFile === undefined ? `no key of the agent "${agent}"` : `not "${keyFile}"`;
    return new StalledError(
      'AuthenticationFailed',
      `Cannot log in to ${name} as ${server.user}: the server takes ${means}. Add the public key there, or check the user name`,
      { cause: error },
    );
  }
  if (level === 'client-timeout') {
    return new Error(`it let nobody in for ${readyTimeoutMs / 1000} s`, { cause: error });
  }
  if (level === 'agent' && agent !== undefined) {
    return refuseCredential('use', 'SSH agent', agent, text, error);
  }
  if (known.keys.length > 0 && /no matching host key/i.test(text)) {
    return noKnownType(known, { name, file: knownHostsFile });
  }
  return error;
}

function ready(client: ssh2.Client, config: ConnectConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('ready', resolve);
    // Stays for the life of the connection: later trouble shows as its end.
    client.on('error', reject);
    client.once('close', () => reject(new Error('the server closed the connection')));
    client.connect(config);
  });
}
