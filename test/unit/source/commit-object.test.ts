import { describe, expect, it } from 'vitest';

import { commitMessage, parseCommit } from '../../../src/source/commit-object.ts';

const tree = 'a'.repeat(40);
const [first, second] = ['b'.repeat(40), 'c'.repeat(40)];

describe('parseCommit()', () => {
  it('reads a signed merge', () => {
    const commit = parseCommit(
      Buffer.from(
        `tree ${tree}\nparent ${first}\nparent ${second}\nauthor Ada L. <ada@example.com> 1700000000 +0200\n` +
          `committer Bob <b@example.com> 1800000000 +0000\ngpgsig -----BEGIN\n author Eve <e> 1 +0000\n -----END\n\nMerge x\n\nbody\n`,
      ),
    );

    expect(commit).toEqual({
      tree,
      parents: [first, second],
      author: 'Ada L. <ada@example.com>',
      date: 1_700_000_000_000,
      subject: 'Merge x',
    });
  });

  it.each([
    { name: 'no message', text: `tree ${tree}\nauthor A <a> 5 +0000\ncommitter A <a> 5 +0000\n` },
    { name: 'an empty message', text: `tree ${tree}\nauthor A <a> 5 +0000\n\n` },
  ])('reads a commit with $name', ({ text }) => {
    expect(parseCommit(Buffer.from(text))).toEqual({
      tree,
      parents: [],
      author: 'A <a>',
      date: 5000,
      subject: '',
    });
  });

  it('refuses bytes that name no tree', () => {
    expect(() => parseCommit(Buffer.from(`author A <a> 5 +0000\n\ntree ${tree}\n`))).toThrow(
      RangeError,
    );
  });
});

describe('commitMessage()', () => {
  it.each([
    [
      'all of a message',
      `tree ${tree}\nauthor A <a> 5 +0000\n\nMerge x\n\nTrailer: y\n`,
      'Merge x\n\nTrailer: y\n',
    ],
    ['nothing where there is none', `tree ${tree}\nauthor A <a> 5 +0000\n`, ''],
  ])('gives %s', (_case, text, message) => {
    expect(commitMessage(Buffer.from(text))).toBe(message);
  });
});
