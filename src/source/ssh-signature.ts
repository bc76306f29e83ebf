import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';

import type { ParsedKey } from 'ssh2';

/** Bytes that are told apart by their length (RFC 4251, section 5: `string`). */
function field(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A number that is not negative (RFC 4251, section 5: `mpint`). */
function mpint(big: Uint8Array): Buffer {
  const start = big.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Buffer.of() : Buffer.from(big.subarray(start));
  const isHigh = ((digits[0] ?? 0) & 0x80) !== 0;
  return field(isHigh ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/**
 * Signs a message as `ssh-keygen -Y sign` does.
 *
 * Format: PROTOCOL.sshsig of OpenSSH. Git's namespace is `git`.
 *
 * @param key a private key of the type ed25519, RSA or ECDSA
 * @throws RangeError for a key of another type
 */
export function signSsh(key: ParsedKey, namespace: string, message: Uint8Array): string {
  const hash = 'sha512';
  const digest = createHash(hash).update(message).digest();
  const facts = [field(namespace), field(''), field(hash)];
  const magic = Buffer.from('SSHSIG');
  const signed = Buffer.concat([magic, ...facts, field(digest)]);
  const version = Buffer.of(0, 0, 0, 1);
  const signature = field(signatureOf(key, signed));
  const blob = Buffer.concat([magic, version, field(key.getPublicSSH()), ...facts, signature]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
}

function signatureOf(key: ParsedKey, data: Buffer): Buffer {
  const privateKey = createPrivateKey(key.getPrivatePEM());
  switch (key.type) {
    case 'ssh-ed25519':
      return Buffer.concat([field(key.type), field(sign(null, data, privateKey))]);
    case 'ssh-rsa':
      // With SHA-1, which the name of the key stands for, nobody accepts it.
      return Buffer.concat([field('rsa-sha2-512'), field(sign('sha512', data, privateKey))]);
    case 'ecdsa-sha2-nistp256':
      return ecdsa(key.type, 'sha256', data, privateKey);
    case 'ecdsa-sha2-nistp384':
      return ecdsa(key.type, 'sha384', data, privateKey);
    case 'ecdsa-sha2-nistp521':
      return ecdsa(key.type, 'sha512', data, privateKey);
    default:
      throw new RangeError(`keys of the type ${key.type} cannot sign`);
  }
}

function ecdsa(type: string, hash: string, data: Buffer, key: KeyObject): Buffer {
  const both = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  const half = both.length / 2;
  const numbers = [mpint(both.subarray(0, half)), mpint(both.subarray(half))];
  return Buffer.concat([field(type), field(Buffer.concat(numbers))]);
}
