import { readFile, stat } from 'node:fs/promises';

import { messageOf, StalledError } from '../model/errors.ts';

const maxBytes = 1024 * 1024;

/** Written by anybody of the machine: whoever wrote last would decide whom we trust, or who we are. */
const othersMayWrite = 0o002;

/**
 * The bytes of a file with a credential, or with what is trusted. It is read at each use, so that it may be replaced at any
 * time.
 *
 * @param what the file, as messages name it: `token file`
 * @throws StalledError `AuthenticationFailed`, which names the file and never its content
 */
export async function readCredential(file: string, what: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    const facts = await stat(file);
    if (!facts.isFile()) throw new Error('it is no file');
    if ((facts.mode & othersMayWrite) !== 0) {
      throw new Error('everybody on this machine may write it. Take that away (chmod o-w)');
    }
    if (facts.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    bytes = await readFile(file);
  } catch (error) {
    throw refuseCredential('read', what, file, messageOf(error), error);
  }
  if (bytes.toString('latin1').trim() !== '') return bytes;
  throw refuseCredential('use', what, file, 'it is empty');
}

/** As `readCredential`, for a file that holds one line of text. */
export async function readSecret(file: string, what: string): Promise<string> {
  const text = (await readCredential(file, what)).toString('utf8').trim();
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!/[\u0000-\u001f\u007f]/.test(text)) return text;
  throw refuseCredential('use', what, file, 'it holds more than one line');
}

/** The error for a file that cannot be used. `why` must not hold what stands in it. */
export function refuseCredential(
  doing: 'read' | 'use',
  what: string,
  file: string,
  why: string,
  cause?: unknown,
): StalledError {
  const options = cause === undefined ? {} : { cause };
  return new StalledError(
    'AuthenticationFailed',
    `Cannot ${doing} the ${what} "${file}": ${why}`,
    options,
  );
}
