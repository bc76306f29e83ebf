import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../model/errors.ts';
import type { HostName } from '../model/names.ts';
import { readCredential } from '../secrets/credential-file.ts';
import type { SshMaterial } from '../ssh/connect.ts';
import type { SshIdentityOptions } from '../ssh/identity.ts';
import { readIdentity } from '../ssh/identity.ts';
import { EngineError } from './engine-error.ts';

/** What SSH needs, as it was read. */
export interface SshCredentials {
  readonly kind: 'ssh';
  readonly files: SshIdentityOptions & { readonly knownHostsFile: string };
  readonly material: SshMaterial;
}

/** Beside the folders of the hosts it is for all that have none of their own. */
export const knownHostsName = 'known_hosts';
/** As ssh has them, and tried in its order. */
const keyNames = ['id_ed25519', 'id_ecdsa', 'id_rsa'] as const;

/**
 * Reads a private key, `passphrase` when there is one, and `known_hosts` from the folder of a host below the credentials
 * folder. Without a known_hosts nobody is trusted, which is said with the fingerprint of who is there.
 *
 * @throws EngineError `unreachable`, naming the file that is missing or cannot be used
 */
export async function readSshCredentials(
  dir: string | null,
  host: HostName,
): Promise<SshCredentials> {
  if (dir === null) {
    const message = `no folder of credentials is configured, and ssh needs ${host}/id_ed25519 and known_hosts below it`;
    throw new EngineError('unreachable', message);
  }
  const keyFile = await firstFile(keyNames.map((name) => join(dir, host, name)));
  if (keyFile === undefined) {
    const message = `there is no ${host}/${keyNames.join(', ')} in the folder of credentials: put the private key there`;
    throw new EngineError('unreachable', message);
  }
  const passphraseFile = await firstFile([join(dir, host, 'passphrase')]);
  const own = join(dir, host, knownHostsName);
  const present = await firstFile([own, join(dir, knownHostsName)]);
  const files = { keyFile, passphraseFile, knownHostsFile: present ?? own };
  try {
    const identity = await readIdentity(files);
    const knownHosts =
      present === undefined ? Buffer.alloc(0) : await readCredential(present, 'known_hosts file');
    return { kind: 'ssh', files, material: { identity, knownHosts } };
  } catch (error) {
    throw new EngineError('unreachable', messageOf(error), 0, { cause: error });
  }
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
