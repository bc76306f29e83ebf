import { messageOf } from '../model/errors.ts';

/**
 * What went wrong with one request.
 * - `status`: the engine answered, and the answer is no;
 * - `unreachable`: there was no connection, so nothing happened;
 * - `lost`: the answer is missing (deadline, reset, garbage), so the effect may have happened.
 */
export type EngineTrouble = 'status' | 'unreachable' | 'lost';

export class EngineError extends Error {
  readonly trouble: EngineTrouble;
  /** HTTP status; 0 unless the engine answered. */
  readonly status: number;

  constructor(trouble: EngineTrouble, message: string, status = 0, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.trouble = trouble;
    this.status = status;
  }
}

/** Whether the engine answered with this status. */
export function isStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof EngineError && statuses.includes(error.status);
}

interface ThrownByModem {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly json?: unknown;
}

/** Translates whatever docker-modem rejects with. `what` says what was asked, such as `inspect container`. */
export function toEngineError(error: unknown, what: string): EngineError {
  if (error instanceof EngineError) return error;
  const thrown = (error ?? {}) as ThrownByModem;
  if (typeof thrown.statusCode === 'number') {
    return new EngineError('status', engineWords(thrown, messageOf(error)), thrown.statusCode);
  }
  const code = typeof thrown.code === 'string' ? thrown.code : '';
  const explained = explainConnection(code, messageOf(error), thrown.syscall);
  if (explained !== null) return new EngineError('unreachable', explained, 0, { cause: error });
  const message = `Cannot ${what}: the connection broke (${code === '' ? messageOf(error) : code})`;
  return new EngineError('lost', message, 0, { cause: error });
}

/** The engine's own sentence, without the frame that docker-modem puts around it. */
function engineWords(thrown: ThrownByModem, message: string): string {
  const json = thrown.json;
  if (typeof json === 'object' && json !== null && 'message' in json) {
    if (typeof json.message === 'string') return json.message.trim();
  }
  return message.replace(/^\(HTTP code \d+\) .*? - /s, '').trim();
}

const foreignCertificate =
  'the certificate of the engine is not signed by the CA in ca.pem: put the CA that signed it there';
const refusedCertificate =
  'the engine refused our client certificate: cert.pem and key.pem must come from the CA that the engine trusts (dockerd --tlscacert)';
const unusableKey =
  'cert.pem and key.pem cannot be used together: they must be PEM files of one key pair';

/** One sentence per way in which a connection can fail before a request is sent: what is wrong and what to do. */
const connectionTrouble: Readonly<Record<string, string>> = {
  ENOENT: 'there is no socket at that path: is dockerd running?',
  ENOTSOCK: 'the path is not a socket',
  EACCES: 'the socket may not be opened: run as root or as a member of the group that owns it',
  ECONNREFUSED: 'the connection was refused: is dockerd running and listening there?',
  ENOTFOUND: 'the name of the host cannot be resolved',
  EAI_AGAIN: 'the name of the host cannot be resolved at the moment',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network of the host',
  EHOSTDOWN: 'the host is down',
  ETIMEDOUT: 'the host does not answer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: foreignCertificate,
  UNABLE_TO_GET_ISSUER_CERT: foreignCertificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: foreignCertificate,
  SELF_SIGNED_CERT_IN_CHAIN: foreignCertificate,
  DEPTH_ZERO_SELF_SIGNED_CERT: foreignCertificate,
  CERT_SIGNATURE_FAILURE: foreignCertificate,
  CERT_UNTRUSTED: foreignCertificate,
  CERT_HAS_EXPIRED: 'the certificate of the engine has expired: renew it on the host',
  CERT_NOT_YET_VALID:
    'the certificate of the engine is not valid yet: compare the clocks of both sides',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate of the engine is for another name: issue it with the name or address that the endpoint in fleet.yaml uses',
  EPROTO: 'the engine does not speak TLS there: start it with --tlsverify',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the engine does not speak TLS there: start it with --tlsverify',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the engine does not speak TLS there: start it with --tlsverify',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: unusableKey,
  ERR_OSSL_PEM_NO_START_LINE: unusableKey,
  ERR_OSSL_PEM_BAD_BASE64_DECODE: unusableKey,
  ERR_OSSL_UNSUPPORTED: unusableKey,
};

/**
 * The sentence for a code of Node or OpenSSL, or null when the request may already have been sent: the same ETIMEDOUT
 * comes from `connect` and from a read of an established connection, and only the first one is harmless.
 */
function explainConnection(
  code: string,
  message: string,
  syscall: unknown = 'connect',
): string | null {
  const known = Object.hasOwn(connectionTrouble, code) ? connectionTrouble[code] : undefined;
  const beforeRequest =
    syscall === 'connect' || syscall === 'getaddrinfo' || !/^E[A-Z_]+$/.test(code);
  if (known !== undefined && (beforeRequest || code === 'EPROTO' || code.startsWith('ERR_'))) {
    return known;
  }
  // With TLS 1.3 the engine judges our certificate after the handshake, so its refusal comes as an alert on the first read.
  if (/^ERR_SSL_.*ALERT/.test(code) || /\balert\b/.test(message)) return refusedCertificate;
  if (code.startsWith('ERR_OSSL_PEM') || code.startsWith('ERR_OSSL_X509')) return unusableKey;
  return null;
}
