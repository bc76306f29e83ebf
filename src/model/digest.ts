import { hash } from 'node:crypto';

import { stringify } from 'safe-stable-stringify';

/** SHA-256 of a text in UTF-8, as 64 hexadecimal digits. */
function sha256(text: string): string {
  return hash('sha256', text);
}

/** SHA-256 of a value's JSON with sorted keys. Equal data gives equal digests, whatever order it was built in. */
export function digestOf(value: unknown): string {
  return sha256(stringify(value) ?? 'null');
}

/** Eight hexadecimal digits: enough to tell the instances of one slot apart in a name. */
export function shortDigest(text: string): string {
  return sha256(text).slice(0, 8);
}
