import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseTree } from '../../../src/source/tree-object.ts';

const oid = 'ab'.repeat(20);

function entry(mode: string, name: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${mode} `),
    Buffer.from(name),
    Buffer.from([0]),
    Buffer.from(oid, 'hex'),
  ]);
}

describe('parseTree()', () => {
  it.each([
    { mode: '100644', kind: 'file' },
    { mode: '100755', kind: 'file', executable: true },
    { mode: '100664', kind: 'file' },
    { mode: '120000', kind: 'symlink' },
    { mode: '160000', kind: 'submodule' },
    { mode: '40000', kind: 'tree' },
    { mode: '040000', kind: 'tree' },
  ])('reads mode $mode as $kind', ({ mode, ...expected }) => {
    expect(parseTree(entry(mode, 'x')).items.get('x')).toEqual({
      name: 'x',
      ...expected,
      oid,
    });
  });

  it.each(['dev-disk\\x2duuid.swap', '__proto__', 'C:x', 'a..b', ' ', 'größe'])(
    'lists the odd but harmless name %j',
    (name) => {
      const tree = parseTree(entry('100644', name));

      expect([...tree.items.keys()]).toEqual([name]);
      expect(tree.skipped).toEqual([]);
    },
  );

  it.each([
    { name: '', why: 'not a name' },
    { name: '.', why: 'not a name' },
    { name: '..', why: 'not a name' },
    { name: '.GIT', why: 'not a name' },
    { name: 'a/b', why: 'slash' },
    { name: 'a\nb', why: 'control character' },
    { name: Buffer.from([0x61, 0xff]), why: 'UTF-8' },
  ])('passes over $name and says why, and keeps its neighbours', ({ name, why }) => {
    const tree = parseTree(Buffer.concat([entry('100644', name), entry('100644', 'compose.yaml')]));

    expect([...tree.items.keys()]).toEqual(['compose.yaml']);
    expect(tree.skipped).toEqual([expect.stringContaining(why)]);
  });

  it('passes over an unknown mode and a second entry of one name', () => {
    const tree = parseTree(
      Buffer.concat([entry('100600', 'odd'), entry('100644', 'a'), entry('40000', 'a')]),
    );

    expect(tree.items.get('a')?.kind).toBe('file');
    expect(tree.skipped).toEqual([
      '"odd" has a mode that Git does not know',
      '"a" stands twice in its folder',
    ]);
  });

  it('refuses a tree that is cut anywhere but between entries', () => {
    const bytes = Buffer.concat([entry('100644', 'a'), entry('40000', 'b')]);
    const boundaries = new Set([0, entry('100644', 'a').length, bytes.length]);
    for (let at = 0; at <= bytes.length; at += 1) {
      const parse = (): unknown => parseTree(bytes.subarray(0, at));
      if (boundaries.has(at)) expect(parse).not.toThrow();
      else expect(parse).toThrow(RangeError);
    }
  });

  it('never fails but with a RangeError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseTree(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
