import { describe, expect, it } from 'vitest';

import { isLfsPointer } from '../../../src/manifest/lfs-pointer.ts';
import { loadFiles } from '../../support/load-files.ts';

const oid = '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393';
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 12345\n`;

describe('isLfsPointer()', () => {
  it.each([
    { name: 'a pointer', text: pointer, is: true },
    {
      name: 'a pointer with an extension',
      text: pointer.replace('oid', `ext-0-foo sha256:${oid}\noid`),
      is: true,
    },
    { name: 'a pointer of the first days', text: pointer.replace('git-lfs', 'hawser'), is: true },
    { name: 'a text that quotes one', text: `see:\n${pointer}`, is: false },
    { name: 'a pointer that goes on', text: pointer + 'x'.repeat(1024), is: false },
    { name: 'no object', text: pointer.replace(/^oid.*$/m, 'oid none'), is: false },
    { name: 'an empty file', text: '', is: false },
  ])('$name: $is', ({ text, is }) => {
    expect(isLfsPointer(Buffer.from(text))).toBe(is);
  });
});

/** What asks for the file `data`, in a manifest of its own. */
const askers: readonly {
  readonly name: string;
  readonly manifest: string;
  readonly at: string;
  readonly what: string;
}[] = [
  {
    name: 'a config',
    manifest: 'services: { web: { image: a, configs: [c] } }\nconfigs:\n  c:\n    file: data\n',
    at: '4:11',
    what: 'config',
  },
  {
    name: 'a secret',
    manifest: 'services: { web: { image: a, secrets: [c] } }\nsecrets:\n  c:\n    file: data\n',
    at: '4:11',
    what: 'secret',
  },
  {
    name: 'an env_file',
    manifest: 'services:\n  web:\n    image: a\n    env_file: data\n',
    at: '4:15',
    what: 'env_file',
  },
  {
    name: 'a bind of a file',
    manifest: 'services:\n  web:\n    image: a\n    volumes:\n      - ./data:/data:ro\n',
    at: '5:9',
    what: 'mounted file',
  },
  {
    name: 'a bind of its folder',
    manifest: 'services:\n  web:\n    image: a\n    volumes:\n      - .:/data:ro\n',
    at: '5:9',
    what: 'mounted file',
  },
  {
    name: 'an included manifest',
    manifest: 'include: [data]\nservices: { web: { image: a } }\n',
    at: '1:11',
    what: 'included file',
  },
];

describe('a Git LFS pointer', () => {
  it.each(askers)('is refused where it is asked for: $name', ({ manifest, at, what }) => {
    const { diagnostics } = loadFiles({ 'shop/compose.yaml': manifest, 'shop/data': pointer });

    expect(diagnostics).toMatchObject([
      {
        severity: 'error',
        code: 'lfs-pointer',
        message: `Cannot read ${what} "shop/data": it is a Git LFS pointer, its content is not in the repository`,
        hint: expect.stringContaining('Commit the file itself (git lfs untrack'),
      },
    ]);
    const [{ line, column } = { line: 0, column: 0 }] = diagnostics;
    expect(`${line}:${column}`).toBe(at);
  });

  it('is refused as a manifest', () => {
    const { diagnostics } = loadFiles({ 'shop/compose.yaml': pointer });

    expect(diagnostics).toMatchObject([{ code: 'lfs-pointer', file: 'shop/compose.yaml' }]);
  });

  it('is nothing to complain of where nothing asks for it', () => {
    const manifest = 'services: { web: { image: a } }\n';

    expect(loadFiles({ 'shop/compose.yaml': manifest, 'shop/data': pointer }).diagnostics).toEqual(
      [],
    );
  });
});
