import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

/** Secret of one installation, in bytes: see secrets/installation-key.ts. */
export type InstallationKey = Uint8Array;

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals bytes with the key of the installation, for the journal and for the hash of a container. Equal bytes give equal
 * seals under one key, so that an unchanged secret replaces nothing; without the key a seal tells no more than the length.
 */
export function seal(key: InstallationKey, bytes: Uint8Array): string {
  const nonce = derive(key, 'nonce', bytes).subarray(0, nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', derive(key, 'content'), nonce);
  const hidden = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const sealed = Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64');
  return `${keyName(key)}.${sealed}`;
}

/** What was sealed, or null when it was sealed with another key. */
export function unseal(key: InstallationKey, text: string): Buffer | null {
  if (sealedWith(text) !== keyName(key)) return null;
  const sealed = Buffer.from(text.slice(text.indexOf('.') + 1), 'base64');
  const nonce = sealed.subarray(0, nonceBytes);
  const tag = sealed.subarray(nonceBytes, nonceBytes + tagBytes);
  if (tag.length < tagBytes) return null;
  const decipher = createDecipheriv('aes-256-gcm', derive(key, 'content'), nonce);
  decipher.setAuthTag(tag);
  try {
    const hidden = sealed.subarray(nonceBytes + tagBytes);
    return Buffer.concat([decipher.update(hidden), decipher.final()]);
  } catch {
    return null;
  }
}

/** The name of the key that something was sealed with. */
export function sealedWith(text: string): string {
  return text.slice(0, Math.max(0, text.indexOf('.')));
}

/** Names a key without telling it. */
export function keyName(key: InstallationKey): string {
  return derive(key, 'name').toString('hex').slice(0, 8);
}

function derive(key: InstallationKey, purpose: string, bytes: Uint8Array = Buffer.of()): Buffer {
  return createHmac('sha256', key).update(`${purpose}\0`).update(bytes).digest();
}
