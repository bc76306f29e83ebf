import { messageOf } from '../model/errors.ts';
import { withSignature } from './commit-object.ts';
import { readCredential, readSecret, refuseCredential } from '../secrets/credential-file.ts';
import { parsePrivateKey } from '../ssh/identity.ts';
import { signSsh } from './ssh-signature.ts';

/** The key that commits are signed with. Its files are read at each use. */
export interface SigningOptions {
  /** A private SSH key. */
  readonly keyFile: string;
  readonly passphraseFile?: string | undefined;
}

const keyWords = 'signing key';

/**
 * The bytes of a commit, signed.
 *
 * @throws StalledError `AuthenticationFailed` when the key cannot be used
 */
export async function signCommit(
  commit: Buffer,
  { keyFile: file, passphraseFile }: SigningOptions,
): Promise<Buffer> {
  const key = await readCredential(file, keyWords);
  const passphrase =
    passphraseFile === undefined
      ? undefined
      : await readSecret(passphraseFile, 'passphrase file of the signing key');
  const parsed = parsePrivateKey(keyWords, { file, key, passphraseFile, passphrase });
  try {
    return withSignature(commit, signSsh(parsed, 'git', commit));
  } catch (error) {
    throw refuseCredential('use', keyWords, file, messageOf(error), error);
  }
}
