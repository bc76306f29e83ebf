import { StalledError, TransientError } from '../model/errors.ts';
import { splitPktLines } from './pkt-line.ts';
import type { PktLine } from './pkt-line.ts';
import { printable } from '../model/printable.ts';

/** What a server answered, read to its end. */
export interface GitAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** The two kinds of answers of Git's smart HTTP protocol. */
export type GitService = 'advertisement' | 'result';

/** The program of the server that answers: the one that sends, or the one that takes a push. */
export type GitProgram = 'upload-pack' | 'receive-pack';

/**
 * Passes a whole and well-formed answer, so that isomorphic-git, which takes a cut list of refs for a short one and a
 * cut pack for a good one, is never given anything else.
 *
 * @param host for the message
 * @throws StalledError `AuthenticationFailed`, `RepositoryNotFound`, `UnsupportedRepository`
 * @throws TransientError `GitUnreachable`, `RateLimited`, `GitProtocol`
 */
export function judgeAnswer(
  answer: GitAnswer,
  service: GitService,
  host: string,
  program: GitProgram = 'upload-pack',
): void {
  judgeStatus(answer.status, host, program === 'upload-pack' ? 'read' : 'write to');
  const wanted = `application/x-git-${program}-${service}`;
  if (answer.contentType !== wanted) {
    throw protocolError(
      host,
      `it answers with ${answer.contentType || 'no content type'}, where Git wants ${wanted}. Is it the URL of a repository, and is no login page or proxy in between?`,
    );
  }
  judgeBody(answer.body, service, host);
}

/**
 * Passes the bytes of an answer that are whole and no complaint, over whatever transport they came.
 *
 * @throws StalledError `UnsupportedRepository`; TransientError `GitProtocol`
 */
export function judgeBody(body: Uint8Array, service: GitService, host: string): void {
  const { lines, isComplete } = splitPktLines(body);
  const complaint = complaintIn(body);
  if (complaint !== undefined) throw protocolError(host, `the server says "${complaint}"`);
  if (!isComplete || (service === 'advertisement' && isHeadingOnly(lines))) {
    throw protocolError(host, `the answer is cut after ${body.length} bytes`);
  }
  if (service === 'advertisement' && lines.some(isSha256)) {
    throw new StalledError(
      'UnsupportedRepository',
      `Cannot follow the repository on ${host}: it uses SHA-256 object names, and only SHA-1 can be read. Use a repository made with --object-format=sha1`,
    );
  }
}

function judgeStatus(status: number, host: string, what: 'read' | 'write to'): void {
  if (status === 200) return;
  if (status === 407) throw refusedByProxy(host);
  if (status === 401 || status === 403 || status === 203) {
    throw new StalledError(
      'AuthenticationFailed',
      `Cannot ${what} the repository on ${host}: the server refuses access (HTTP ${status}). Check that the configured token, GitHub App or certificate may ${what} this repository`,
    );
  }
  if (status === 404 || status === 410) {
    throw new StalledError(
      'RepositoryNotFound',
      `Cannot find the repository on ${host}: the server answers HTTP ${status}. Check the URL, and that the credentials may ${what} it, since some servers hide what one may not read`,
    );
  }
  if (status === 429) {
    throw new TransientError(
      'RateLimited',
      `Cannot ${what} the repository on ${host} now: the server is asked too often (HTTP 429)`,
    );
  }
  if (status >= 500 || status === 408) {
    throw new TransientError(
      'GitUnreachable',
      `Cannot reach the repository on ${host}: the server answers HTTP ${status}`,
    );
  }
  throw protocolError(host, `it answers HTTP ${status}`);
}

/** Makes the error for an answer that is not what Git's protocol asks for. */
export function protocolError(host: string, seen: string): TransientError {
  return new TransientError('GitProtocol', `Cannot read from the repository on ${host}: ${seen}`);
}

/** Makes the error for a proxy that wants to know who asks. */
export function refusedByProxy(host: string): StalledError {
  return new StalledError(
    'AuthenticationFailed',
    `Cannot reach the repository on ${host}: the proxy refuses access (HTTP 407). Check the file that proxyCredentialsFile names, which holds user:password`,
  );
}

/** Makes the error for a server that does not take our certificate, or misses one. */
export function refusedCertificate(host: string, code: string): StalledError {
  return new StalledError(
    'AuthenticationFailed',
    `Cannot reach the repository on ${host}: the server refuses the client certificate, or wants one (${code}). Check clientCertFile and clientKeyFile`,
  );
}

/** Makes the error for an answer with more bytes than are taken. */
export function tooLarge(host: string, maxBytes: number): TransientError {
  return protocolError(host, `the answer is larger than ${maxBytes} bytes, the most that is taken`);
}

/** What the server complains of in an answer, in one printable line; undefined when it does not. */
export function complaintIn(body: Uint8Array): string | undefined {
  return splitPktLines(body)
    .lines.map(errorText)
    .find((text) => text !== undefined);
}

/** The complaint of an `ERR` packet or of the third side band, in one printable line. */
function errorText(line: PktLine): string | undefined {
  if (line === null || line.length === 0) return undefined;
  const isBand = line[0] === 3;
  if (!isBand && !(line[0] === 0x45 && textOf(line.subarray(0, 4)) === 'ERR ')) return undefined;
  return printable(textOf(line.subarray(isBand ? 1 : 4)), 400);
}

/** Only `# service=…` and its own flush: a list that was cut before it began. */
function isHeadingOnly(lines: readonly PktLine[]): boolean {
  const first = lines[0];
  if (first === undefined) return true;
  return lines.length <= 2 && first !== null && textOf(first).startsWith('# service=');
}

/** Only the packet that lists capabilities can say so: the first ref's in version 0, a line of its own in version 2. */
function isSha256(line: PktLine): boolean {
  return line !== null && /(^|[ \0])object-format=sha256\s*($|[ \n])/.test(textOf(line));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
