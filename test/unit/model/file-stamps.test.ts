import { describe, expect, it } from 'vitest';

import type { FileMount, FileSpec } from '../../../src/model/container.ts';
import { fileStamps, liveStamps, readStamps, stampLabels } from '../../../src/model/file-stamps.ts';
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

function folder(files: readonly FileSpec[]): FileMount {
  return { target: '/c', kind: 'folder', readOnly: true, files };
}

describe('what a running container takes in', () => {
  const live = { ...file, onChange: { kind: 'restart' } } as const;

  it('has stamps of its own, and none on the label', () => {
    const other = { ...file, target: 'other' };
    const mixed = folder([{ ...live, target: 'x/y' }, other]);
    const spec = aContainer({ files: [live], fileMounts: [mixed] });

    expect(Object.keys(liveStamps(spec))).toEqual(['/c/x/y', '/a']);
    expect(fileStamps(spec)).toEqual(fileStamps(aContainer({ fileMounts: [folder([other])] })));
    expect(stampLabels(spec)).toMatchObject({ 'fleetwright.live-files': 'true' });
  });

  it('has the stamp that it would have otherwise', () => {
    expect(liveStamps(aContainer({ files: [live] }))['/a']).toBe(stampOf({}));
  });
});

describe('readStamps()', () => {
  it('reads what was written', () => {
    const fileMounts = [
      { target: '/c', kind: 'folder' as const, readOnly: false, files: [{ ...file, target: 'd' }] },
    ];
    const spec = aContainer({ files: [file], fileMounts });

    expect(readStamps(stampLabels(spec))).toEqual(fileStamps(spec));
    expect(stampLabels(aContainer())).toEqual({});
  });

  it.each(['', '{', '[]', 'null', '"a"', '{"/a":1}'])('takes %j for nothing', (text) => {
    expect(readStamps({ 'fleetwright.files': text })).toEqual({});
  });
});
