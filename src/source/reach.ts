import { messageOf, TransientError } from '../model/errors.ts';

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
  ['ECONNREFUSED', 'nothing listens at that port'],
  ['ENOTFOUND', 'its name cannot be resolved'],
  ['EAI_AGAIN', 'its name cannot be resolved now'],
  ['ECONNRESET', 'the connection was broken off before an answer came'],
  ['EPIPE', 'the connection was broken off before an answer came'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['EHOSTUNREACH', 'there is no route to it'],
  ['ENETUNREACH', 'there is no route to its network'],
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

/** What an error of the network means, in words, with its code. */
export function networkTrouble(error: unknown): string {
  const code = codeOf(error);
  if (code === '') return messageOf(error);
  return `${meanings.get(code) ?? messageOf(error)} (${code})`;
}

/** The code of an error of Node.js, or empty. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
