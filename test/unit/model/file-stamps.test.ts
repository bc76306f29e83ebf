import { describe, expect, it } from 'vitest';

import type { FileSpec } from '../../../src/model/container.ts';
import { fileStamps, readStamps, stampLabel } from '../../../src/model/file-stamps.ts';
import { seal } from '../../../src/model/sealed.ts';
import { aContainer } from '../../support/builders.ts';

const owned = { mode: 0o644, uid: 0, gid: 0 };
const file = { target: '/a', content: 'b25l', ...owned };

function stampOf(changes: Partial<FileSpec>): string | undefined {
  return fileStamps(aContainer({ files: [{ ...file, ...changes }] }))['/a'];
}

function sealedBy(key: string): string | undefined {
  return stampOf({ content: seal(Buffer.from(key), Buffer.from('planted')), sealed: true });
}

describe('fileStamps()', () => {
  it('tells contents apart, and nothing else', () => {
    expect(stampOf({ content: 'dHdv' })).not.toBe(stampOf({}));
    expect(stampOf({ mode: 0o600, uid: 5 })).toBe(stampOf({}));
  });

  it('names the key of a secret', () => {
    expect(sealedBy('a')).toMatch(/^[0-9a-f]{8}\/[0-9a-f]{16}$/);
    expect(sealedBy('b')?.slice(0, 8)).not.toBe(sealedBy('a')?.slice(0, 8));
  });
});

describe('readStamps()', () => {
  it('reads what was written', () => {
    const fileMounts = [
      { target: '/c', kind: 'folder' as const, readOnly: false, files: [{ ...file, target: 'd' }] },
    ];
    const spec = aContainer({ files: [file], fileMounts });

    expect(readStamps(stampLabel(spec))).toEqual(fileStamps(spec));
    expect(stampLabel(aContainer())).toEqual({});
  });

  it.each(['', '{', '[]', 'null', '"a"', '{"/a":1}'])('takes %j for nothing', (text) => {
    expect(readStamps({ 'fleetwright.files': text })).toEqual({});
  });
});
