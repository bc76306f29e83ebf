import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { watch } from 'chokidar';

import type { Clock } from '../model/clock.ts';
import type { Endpoint, HostSpec } from '../model/fleet.ts';
import type { HostName } from '../model/names.ts';
import { toHostName } from '../model/names.ts';
import { EngineError } from './engine-error.ts';
import type { SshCredentials } from './ssh-credentials.ts';
import { knownHostsName, readSshCredentials } from './ssh-credentials.ts';

/** How we prove to a host who we are, and whom we take for it. Never printed. */
export type HostCredentials = TlsCredentials | SshCredentials;

/** What mutual TLS needs, as PEM. */
export interface TlsCredentials {
  readonly kind: 'tls';
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads what an endpoint needs from the folder of a host below the credentials folder; null when it needs nothing.
 *
 * @throws EngineError `unreachable`, naming the file that is missing
 */
export async function readCredentials(
  dir: string | null,
  { name, endpoint }: Pick<HostSpec, 'name' | 'endpoint'>,
): Promise<HostCredentials | null> {
  if (endpoint.kind === 'ssh') return readSshCredentials(dir, name);
  return endpoint.kind === 'tcp' && endpoint.tls ? readTlsCredentials(dir, name) : null;
}

/** Whether an endpoint is reached with credentials. */
export function needsCredentials(endpoint: Endpoint): boolean {
  return endpoint.kind === 'ssh' || (endpoint.kind === 'tcp' && endpoint.tls);
}

/**
 * Reads `ca.pem`, `cert.pem` and `key.pem` from the folder of a host below the credentials folder.
 *
 * @throws EngineError `unreachable`, naming the file that is missing
 */
export async function readTlsCredentials(
  dir: string | null,
  host: HostName,
): Promise<TlsCredentials> {
  if (dir === null) {
    const message = `no folder of credentials is configured, and tcp with TLS needs ${host}/{ca,cert,key}.pem below it`;
    throw new EngineError('unreachable', message);
  }
  const [ca, cert, key] = await Promise.all([
    readPem(dir, host, 'ca.pem'),
    readPem(dir, host, 'cert.pem'),
    readPem(dir, host, 'key.pem'),
  ]);
  return { kind: 'tls', ca, cert, key };
}

async function readPem(dir: string, host: HostName, file: string): Promise<Buffer> {
  try {
    const bytes = await readFile(join(dir, host, file));
    if (bytes.includes('-----BEGIN ')) return bytes;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const why = code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`;
    throw new EngineError('unreachable', `${host}/${file} ${why} in the folder of credentials`);
  }
  throw new EngineError('unreachable', `${host}/${file} is not a PEM file`);
}

/** Calls back with the host whose credentials changed, or null when those of all may have; once per burst of changes. */
export function watchCredentials(
  dir: string,
  clock: Clock,
  onChange: (host: HostName | null) => void,
): { close(): Promise<void> } {
  const pending = new Map<string, () => void>();
  const watcher = watch(dir, { ignoreInitial: true, depth: 2, persistent: false });
  watcher.on('all', (_event, path) => {
    const [host = ''] = relative(dir, path).split(sep);
    if (host === '' || host === '..') return;
    pending.get(host)?.();
    // Three files are replaced one after another: half of a pair would only fail.
    pending.set(
      host,
      clock.after(150, () => onChange(host === knownHostsName ? null : toHostName(host))),
    );
  });
  // A folder that cannot be watched is no reason to stop: the files are read again at each reconnection.
  watcher.on('error', () => {});
  return {
    async close() {
      for (const cancel of pending.values()) cancel();
      await watcher.close();
    },
  };
}
