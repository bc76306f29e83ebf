import { createHmac } from 'node:crypto';

import type { HostKey } from './host-key.ts';
import { readHostKey } from './host-key.ts';

/** What a known_hosts file says of one server. */
export interface KnownKeys {
  readonly keys: readonly HostKey[];
  readonly revoked: readonly HostKey[];
  /** Why lines were passed over that may be about it, as `line 3 is …`. */
  readonly skipped: readonly string[];
}

/** How a server is called in known_hosts: by its port too, unless that is 22. */
export function knownName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/**
 * Reads what a known_hosts file says of a server, as sshd(8) describes the file: names plain, hashed, with wildcards and
 * negated, and the marker `@revoked`.
 *
 * @param name as `knownName` gives it
 */
export function findKnownKeys(text: string, name: string): KnownKeys {
  const keys: HostKey[] = [];
  const revoked: HostKey[] = [];
  const skipped: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) continue;
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [names = '', type = '', base64 = ''] = words;
    if (!isNamed(names, name)) continue;
    const key = readKey(type, base64);
    const refusal = refuseLine(marker, key);
    if (refusal !== undefined) skipped.push(`line ${index + 1} ${refusal}`);
    else if (key !== undefined) (marker === '@revoked' ? revoked : keys).push(key);
  }
  return { keys, revoked, skipped };
}

function refuseLine(marker: string | undefined, key: HostKey | undefined): string | undefined {
  if (marker === '@cert-authority') {
    return 'names a certificate authority, and certificates of hosts cannot be checked here';
  }
  if (marker !== undefined && marker !== '@revoked') return `has the unknown marker ${marker}`;
  return key === undefined ? 'holds no key that can be read' : undefined;
}

/** The type stands twice, as a word and in the key, and both must agree. */
function readKey(type: string, base64: string): HostKey | undefined {
  const key = readHostKey(Buffer.from(base64, 'base64'));
  return key?.type === type ? key : undefined;
}

/** Whether a list of names holds this one, and does not deny it. */
function isNamed(list: string, name: string): boolean {
  if (list.startsWith('|')) return isHashOf(list, name);
  let isFound = false;
  for (const pattern of list.toLowerCase().split(',')) {
    const isDenied = pattern.startsWith('!');
    if (!matches(isDenied ? pattern.slice(1) : pattern, name)) continue;
    if (isDenied) return false;
    isFound = true;
  }
  return isFound;
}

/** `|1|salt|hash`, both as base64: the HMAC-SHA1 of the name. */
function isHashOf(hashed: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = hashed.split('|');
  if (version !== '1' || salt === '' || hash === '') return false;
  const hmac = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return hmac.equals(Buffer.from(hash, 'base64'));
}

/** `*` stands for any characters and `?` for one; all others, also brackets, for themselves. */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}
