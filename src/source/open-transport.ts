import { UsageError } from '../model/errors.ts';
import type { RemoteLocation } from './location.ts';
import type { SourceOptions } from './source-options.ts';
import { openHttp } from './open-http.ts';
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
