import { TransientError } from '../model/errors.ts';
import { codeOf, networkTrouble as troubleOfNetwork } from '../model/network-trouble.ts';

/** What OpenSSL says of a certificate that leads to nobody who is trusted. */
const untrusted = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
] as const;
const untrustedWords =
  'nobody who is trusted vouches for its certificate. Name the certificate of its authority with caFile';

const meanings: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet; is the clock of this machine right?'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
  ...untrusted.map((code) => [code, untrustedWords] as const),
]);

/** The error for a server of which there was no answer. */
export function unreachable(host: string, seen: string, options?: ErrorOptions): TransientError {
  return new TransientError(
    'GitUnreachable',
    `Cannot reach the repository on ${host}: ${seen}`,
    options,
  );
}

/** What an error of the network or of TLS means, in words, with its code. */
export function networkTrouble(error: unknown): string {
  const code = codeOf(error);
  const meaning = meanings.get(code);
  return meaning === undefined ? troubleOfNetwork(error) : `${meaning} (${code})`;
}
