import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { watch } from 'chokidar';

import type { Clock } from '../model/clock.ts';
import type { HostName } from '../model/names.ts';
import { toHostName } from '../model/names.ts';
import { EngineError } from './engine-error.ts';

/** What mutual TLS needs, as PEM. Never printed. */
export interface TlsCredentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads `ca.pem`, `cert.pem` and `key.pem` from the folder of a host below the credentials folder.
 *
 * @throws EngineError `unreachable`, naming the file that is missing
 */
export async function readCredentials(dir: string | null, host: HostName): Promise<TlsCredentials> {
  if (dir === null) {
    const message = `no folder of credentials is configured, and tcp with TLS needs ${host}/{ca,cert,key}.pem below it`;
    throw new EngineError('unreachable', message);
  }
  const [ca, cert, key] = await Promise.all([
    readPem(dir, host, 'ca.pem'),
    readPem(dir, host, 'cert.pem'),
    readPem(dir, host, 'key.pem'),
  ]);
  return { ca, cert, key };
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

/** Calls back with the host whose credentials changed, once per burst of changes. */
export function watchCredentials(
  dir: string,
  clock: Clock,
  onChange: (host: HostName) => void,
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
      clock.after(150, () => onChange(toHostName(host))),
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
