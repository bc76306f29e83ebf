import { stat } from 'node:fs/promises';

import type { AgentAuthMethod, ParsedKey, PublicKeyAuthMethod } from 'ssh2';
import ssh2 from 'ssh2';

import { messageOf } from '../model/errors.ts';
import { readCredential, readSecret, refuseCredential } from '../secrets/credential-file.ts';

/** How we prove to an SSH server who we are. */
export interface SshIdentityOptions {
  readonly keyFile?: string | undefined;
  readonly passphraseFile?: string | undefined;
  /** Socket of an SSH agent; used when there is no key file. */
  readonly agent?: string | undefined;
}

/** What stands in the files of an identity, read but not yet made anything of. */
export interface SshIdentity {
  readonly key: Buffer | undefined;
  readonly passphrase: string | undefined;
}

const keyWords = 'SSH key';
const passphraseWords = 'passphrase file';

/** @throws StalledError `AuthenticationFailed` */
export async function readIdentity(options: SshIdentityOptions): Promise<SshIdentity> {
  const { keyFile, passphraseFile } = options;
  return {
    key: keyFile === undefined ? undefined : await readCredential(keyFile, keyWords),
    passphrase:
      passphraseFile === undefined ? undefined : await readSecret(passphraseFile, passphraseWords),
  };
}

/**
 * The one way to authenticate that was configured: others, such as a password, are never offered to a server.
 *
 * @throws StalledError `AuthenticationFailed` when the key or the agent cannot be used
 */
export async function authMethod(
  options: SshIdentityOptions,
  { key, passphrase }: SshIdentity,
  username: string,
): Promise<PublicKeyAuthMethod | AgentAuthMethod> {
  const { keyFile, agent } = options;
  if (keyFile !== undefined && key !== undefined) {
    const { passphraseFile } = options;
    const parsed = parsePrivateKey(keyWords, { file: keyFile, key, passphraseFile, passphrase });
    return { type: 'publickey', username, key: parsed };
  }
  if (agent === undefined) throw new Error('neither a key nor an agent is configured');
  const isSocket = await stat(agent).then(
    (found) => found.isSocket(),
    () => false,
  );
  if (!isSocket) throw refuseCredential('use', 'SSH agent', agent, 'there is no such socket');
  return { type: 'agent', username, agent };
}

/** A private key as it was read, with what opens it. */
export interface WrittenKey {
  readonly file: string;
  readonly key: Buffer;
  readonly passphraseFile: string | undefined;
  readonly passphrase: string | undefined;
}

/**
 * @param what the key, as messages name it
 * @throws StalledError `AuthenticationFailed`
 */
export function parsePrivateKey(
  what: string,
  { file, key, passphraseFile, passphrase }: WrittenKey,
): ParsedKey {
  const parsed = ssh2.utils.parseKey(key, passphrase);
  const [first] = Array.isArray(parsed) ? parsed : [parsed];
  if (first instanceof Error || first === undefined) {
    const isEncrypted = isEncryptedKey(key);
    const why = isEncrypted
      ? passphraseFile === undefined
        ? 'it is encrypted. Name the file with its passphrase, or use a key without one'
        : `the passphrase in "${passphraseFile}" does not open it`
      : `it is no private key in the format of OpenSSH or PEM (${messageOf(first)}). ssh-keygen -p -f makes one of others`;
    throw refuseCredential('use', what, file, why);
  }
  if (first.isPrivateKey()) return first;
  throw refuseCredential('use', what, file, 'it holds the public half. Name the private one');
}

/** A PEM file says so in words, one of OpenSSH by the name of its key derivation. */
function isEncryptedKey(key: Buffer): boolean {
  const text = key.toString('latin1');
  if (/ENCRYPTED/.test(text)) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----(.*?)-----END/s.exec(text)?.[1] ?? '';
  return Buffer.from(body, 'base64').subarray(0, 128).includes('bcrypt');
}
