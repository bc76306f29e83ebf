import { messageOf } from './errors.ts';

const meanings: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens at that port'],
  ['ENOTFOUND', 'its name cannot be resolved'],
  ['EAI_AGAIN', 'its name cannot be resolved now'],
  ['ECONNRESET', 'the connection was broken off before an answer came'],
  ['EPIPE', 'the connection was broken off before an answer came'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['EHOSTUNREACH', 'there is no route to it'],
  ['ENETUNREACH', 'there is no route to its network'],
]);

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
