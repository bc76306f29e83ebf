import { createHash } from 'node:crypto';

import type { ServerHostKeyAlgorithm } from 'ssh2';

/** A public key by which an SSH server proves who it is. */
export interface HostKey {
  /** As in known_hosts: `ssh-ed25519`. */
  readonly type: string;
  /** As it is sent, and in known_hosts as base64. */
  readonly blob: Buffer;
}

/** By type of key, the signatures to ask for. An RSA key may sign with SHA-2 only; DSA keys are too weak. */
const algorithmsOf: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/** Reads a key as it is sent; undefined when it does not begin with a type. */
export function readHostKey(blob: Buffer): HostKey | undefined {
  if (blob.length < 4) return undefined;
  const length = blob.readUInt32BE(0);
  if (length === 0 || length > 64 || 4 + length >= blob.length) return undefined;
  return { type: blob.toString('latin1', 4, 4 + length), blob };
}

/** As ssh-keygen prints it: `SHA256:…`. */
export function fingerprint({ blob }: HostKey): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

export function isSameKey(one: HostKey, other: HostKey): boolean {
  return one.blob.equals(other.blob);
}

/**
 * What to ask a server for, so that it shows a key that can be compared: one of a type that is known of it. Of a server of
 * which nothing is known, anything that can be read.
 */
export function askedAlgorithms(known: readonly HostKey[]): ServerHostKeyAlgorithm[] {
  const types = known.length === 0 ? [...algorithmsOf.keys()] : known.map(({ type }) => type);
  return [...algorithmsOf].flatMap(([type, asked]) => (types.includes(type) ? asked : []));
}
