import { describe, expect, it } from 'vitest';

import { seal, sealedWith, unseal } from '../../../src/model/sealed.ts';

const key = Buffer.alloc(32, 1);
const other = Buffer.alloc(32, 2);

describe('seal()', () => {
  it.each(['', 'planted', 'x'.repeat(100_000)])('can be undone', (text) => {
    expect(unseal(key, seal(key, Buffer.from(text)))?.toString()).toBe(text);
  });

  it('gives for equal bytes the same under one key, and another under another', () => {
    const bytes = Buffer.from('planted');

    expect(seal(key, bytes)).toBe(seal(key, bytes));
    expect(seal(other, bytes)).not.toBe(seal(key, bytes));
    expect(sealedWith(seal(other, bytes))).not.toBe(sealedWith(seal(key, bytes)));
  });

  // Hashes of containers out there hold it: another form would replace every instance that has a secret.
  it('is what it has always been', () => {
    expect(seal(key, Buffer.from('planted'))).toBe(
      '69a8ee0b.wEIFgpjKwk1jk4PxIxUjMLQIq2cOoMEixACH9ezWhAP8FO8=',
    );
  });

  it('does not show the bytes', () => {
    const sealed = seal(key, Buffer.from('planted'));

    expect(sealed).not.toContain(Buffer.from('planted').toString('base64'));
  });
});

describe('unseal()', () => {
  it.each(['', 'planted', '00000000.', seal(other, Buffer.from('planted'))])(
    'refuses "%s"',
    (text) => {
      expect(unseal(key, text)).toBeNull();
    },
  );

  it('refuses what was changed', () => {
    const [name, sealed = ''] = seal(key, Buffer.from('planted')).split('.');
    const bytes = Buffer.from(sealed, 'base64');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;

    expect(unseal(key, `${name}.${bytes.toString('base64')}`)).toBeNull();
  });
});
