import * as fc from 'fast-check';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseGitConfig } from '../../../../src/source/submodules/git-config.ts';
import { runGit, scratchFolder, type ScratchFolder } from '../../../support/git-repository.ts';

let scratch: ScratchFolder;

beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

/** Name and value of each setting as native Git reads them; null when it does not. */
async function byGit(text: string): Promise<readonly (readonly [string, string])[] | null> {
  const file = join(scratch.path, 'config');
  await writeFile(file, text);
  try {
    const listed = await runGit(scratch.path, ['config', '-f', file, '--no-includes', '-z', '-l']);
    return listed
      .split('\0')
      .filter((each) => each !== '')
      .map((each) => {
        const [name = '', ...value] = each.split('\n');
        return [name, value.length === 0 ? 'true' : value.join('\n')];
      });
  } catch {
    return null;
  }
}

function byUs(text: string): readonly (readonly [string, string])[] | null {
  try {
    return parseGitConfig(text).map(({ section, subsection, key, value }) => [
      [section, subsection, key].filter((part) => part !== '').join('.'),
      value,
    ]);
  } catch {
    return null;
  }
}

const texts = [
  '',
  '[a]\nx = 1',
  '[a]\r\n\tx = 1\r\n',
  '\uFEFF[a]\nx=1',
  '[A "B c\\"d\\\\e"]X=1\n[a]x=2 [b] y',
  '[a.B]\nx = 1',
  '[a]\nx\ny =\nz=;',
  '[a]\nx = a   b # c\ny = "a   # b" ; c',
  '[a]\nx = "a" b "c"  \ny = a\\tb\\nc\\\\d\\"e',
  '[a]\nx = a \\\n  b\ny = 1',
  '[a]\n# x = 1\n; y = 2\nz = 3',
  '[submodule "a/b"]\n\tpath = a/b\n\turl = ../b.git\n',
  'x = 1',
  '[a\nx = 1',
  '[a]\nx = "1',
  '[a]\nx = \\q',
  '[a]\n1x = 1',
  '[a]\nx y = 1',
  '[a "b]\nx = 1',
  '[a]\n? = 1',
];

describe('parseGitConfig()', () => {
  it.each(texts)('reads %j as Git does', async (text) => {
    expect(byUs(text)).toEqual(await byGit(text));
  });

  it('reads whatever Git writes', async () => {
    const word = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(word, word, async (name, value) => {
        const file = join(scratch.path, 'written');
        await writeFile(file, '');
        await runGit(scratch.path, ['config', '-f', file, `submodule.${name}.url`, value]);
        const text = await readFile(file, 'utf8');
        expect(byUs(text)).toEqual(await byGit(text));
      }),
      { numRuns: 40 },
    );
  });

  it('says in which line it is malformed', () => {
    expect(() => parseGitConfig('[a]\nx = "a\\\nb"\n\n?')).toThrow(
      expect.objectContaining({ line: 5 }),
    );
  });
});
