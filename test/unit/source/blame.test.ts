import { join } from 'node:path';

import { array, assert, constantFrom, property } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { toCommitSha } from '../../../src/model/names.ts';
import { lineBefore } from '../../../src/source/blame.ts';
import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, runGit, scratchFolder } from '../../support/git-repository.ts';
import { never, openTestSource } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
});

afterEach(() => scratch[Symbol.asyncDispose]());

const file = 'apps/shop/compose.yaml';

function commit(lines: readonly string[], message?: string): Promise<string> {
  return repository.commit({ [file]: lines.join('\n') }, message);
}

/** The commit of each line of the file, by native Git. */
async function blamed(revision = 'HEAD'): Promise<readonly string[]> {
  const text = await repository.git('blame', '--porcelain', revision, '--', file);
  return [...text.matchAll(/^([0-9a-f]{40}) \d+ \d+/gm)].map(([, oid = '']) => oid);
}

async function found(source: Source, count: number, revision = 'HEAD'): Promise<readonly string[]> {
  const head = toCommitSha(await repository.git('rev-parse', revision));
  const origins: string[] = [];
  for (let line = 1; line <= count; line += 1) {
    origins.push((await source.lastChange({ file, line }, head, never)).commit);
  }
  return origins;
}

describe('Source.lastChange() of a line', () => {
  it('agrees with git blame for changed, added, removed and moved lines', async () => {
    const first = ['name: shop', 'services:', '  web:', '    image: web:1', '    user: "1"', ''];
    await commit(first);
    await commit(first.with(3, '    image: web:2'));
    await commit(['# who', ...first.with(3, '    image: web:2')]);
    await repository.commit({ other: '1' });
    await commit([
      '# who',
      ...first.with(3, '    image: web:3').toSpliced(4, 1),
      'volumes: {}',
      '',
    ]);
    await using source = await openTestSource({ repository: repository.path });

    const expected = await blamed();
    expect(new Set(expected).size).toBe(3);
    expect(await found(source, expected.length)).toEqual(expected);
    expect(await found(source, 6, 'HEAD~2')).toEqual((await blamed('HEAD~2')).slice(0, 6));
  });

  it('agrees with it for each line after many edits of one file', async () => {
    let lines = Array.from({ length: 40 }, (_, index) => `key-${index}: 0`);
    for (let edit = 0; edit < 30; edit += 1) {
      const at = (edit * 17) % lines.length;
      if (edit % 5 === 3) lines = lines.toSpliced(at, 0, `# note ${edit}`);
      else if (edit % 7 === 6) lines = lines.toSpliced(at, 2);
      else lines = lines.with(at, `key-${at}: ${edit}`);
      await commit([...lines, '']);
    }
    await using source = await openTestSource({ repository: repository.path });

    const expected = await blamed();
    expect(new Set(expected).size).toBeGreaterThan(15);
    expect(await found(source, expected.length)).toEqual(expected);
  });

  it('agrees with it over merges: a line is from the side that brought it', async () => {
    await commit(['a: 1', 'b: 1', 'c: 1', 'd: 1', 'e: 1', 'f: 1', 'g: 1', '']);
    await repository.git('checkout', '-q', '-b', 'side');
    await commit(['a: 1', 'b: 1', 'c: 1', 'd: 1', 'e: 1', 'f: 1', 'g: 2', '']);
    await repository.git('checkout', '-q', 'main');
    await commit(['a: 2', 'b: 1', 'c: 1', 'd: 1', 'e: 1', 'f: 1', 'g: 1', '']);
    await repository.git('merge', '-q', '--no-ff', '-m', 'merge', 'side');
    await using source = await openTestSource({ repository: repository.path });

    const expected = await blamed();
    expect(new Set(expected).size).toBe(3);
    expect(await found(source, expected.length)).toEqual(expected);
  });

  it('stays right when commits are added after it was asked', async () => {
    await commit(['a: 1', 'b: 1', '']);
    await using source = await openTestSource({ repository: repository.path });
    expect(await found(source, 2)).toEqual(await blamed());

    await commit(['a: 1', 'b: 2', '']);
    expect(await found(source, 2)).toEqual(await blamed());
    await commit(['a: 0', 'a: 1', 'b: 2', '']);
    expect(await found(source, 3)).toEqual(await blamed());
    await commit(['a: 1', 'b: 1', '']);
    expect(await found(source, 2)).toEqual(await blamed());
  });

  it('ends at the boundary of a shallow clone', async () => {
    await commit(['a: 1', '']);
    await repository.commit({ other: '1' });
    await repository.commit({ other: '2' });
    const url = `file://${repository.path}`;
    await runGit(scratch.path, ['clone', '-q', '--depth', '2', url, 'shallow']);
    await using source = await openTestSource({ repository: join(scratch.path, 'shallow') });
    await source.head(never);

    expect(await found(source, 1)).toEqual([await repository.git('rev-parse', 'HEAD~1')]);
  });

  it('takes a file that is too large for its last change', async () => {
    const large = Array.from({ length: 60_000 }, (_, index) => `key-${index}: some value of it`);
    await commit(large);
    const second = await commit(large.with(7, 'key-7: another'));
    await using source = await openTestSource({ repository: repository.path });

    expect(await found(source, 1)).toEqual([second]);
  });
});

describe('lineBefore()', () => {
  const text = array(constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });

  it('finds a line that is the same, and keeps the order of lines', () => {
    assert(
      property(text, text, (before, after) => {
        const found = after.map((_, index) => lineBefore(before, after, index + 1));
        const kept = found.filter((line) => line !== null);
        expect(kept).toEqual([...new Set(kept)].toSorted((a, b) => a - b));
        for (const [index, line] of found.entries()) {
          if (line !== null) expect(before[line - 1]).toBe(after[index]);
        }
      }),
    );
  });

  it('finds each line of a text that did not change, and none of one that is new', () => {
    expect(['a', 'b'].map((_, index) => lineBefore(['a', 'b'], ['a', 'b'], index + 1))).toEqual([
      1, 2,
    ]);
    expect(lineBefore([], ['a'], 1)).toBeNull();
    expect(lineBefore(['a', 'b', 'c'], ['x', 'b', 'y', 'c'], 2)).toBe(2);
    expect(lineBefore(['a', 'b', 'c'], ['x', 'b', 'y', 'c'], 3)).toBeNull();
  });
});
