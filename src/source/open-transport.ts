import { UsageError } from '../model/errors.ts';
import { HttpTransport } from './http-transport.ts';
import type { RemoteLocation } from './location.ts';
import type { SourceOptions } from './source-options.ts';
import type { SshAddress } from './ssh-address.ts';
import { SshTransport } from './ssh-transport.ts';
import type { Transport, TransportLimits } from './transport.ts';

/**
 * Makes what speaks to the server of a repository; nothing is connected yet.
 *
 * @throws UsageError when the options lack what its kind needs
 */
export function openTransport(location: RemoteLocation, options: SourceOptions): Transport {
  const { idleTimeoutMs = 30_000, totalTimeoutMs = 600_000 } = options;
  const { maxAnswerBytes = 512 * 1024 * 1024 } = options;
  const limits = { idleTimeoutMs, totalTimeoutMs, maxAnswerBytes };
  return location.kind === 'ssh'
    ? openSsh(location, options, limits)
    : openHttp(location.url, options, limits);
}

function openHttp(url: string, options: SourceOptions, limits: TransportLimits): Transport {
  const { username = 'x-access-token', tokenFile, logger } = options;
  if (tokenFile !== undefined && isExposed(new URL(url))) {
    logger.warn({ url }, 'token is sent over plain http: anybody on the way can read it');
  }
  return new HttpTransport({ ...limits, url, username, tokenFile });
}

function openSsh(
  address: SshAddress,
  { ssh = {} }: SourceOptions,
  limits: TransportLimits,
): Transport {
  const { knownHostsFile, keyFile, agent } = ssh;
  if (knownHostsFile === undefined) {
    throw new UsageError(
      `Cannot follow repository ${address.url}: nothing says whose key to trust. Name a known_hosts file with knownHostsFile (--known-hosts-file); one that ssh has filled, as ~/.ssh/known_hosts, will do`,
    );
  }
  if (keyFile === undefined && agent === undefined) {
    throw new UsageError(
      `Cannot follow repository ${address.url}: nothing says how to log in. Name a private key with sshKeyFile (--ssh-key-file), or the socket of an agent with sshAgent (--ssh-agent)`,
    );
  }
  return new SshTransport({ ...limits, ...ssh, knownHostsFile, address });
}

/** Whether a token could be read on its way there. */
function isExposed({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}
