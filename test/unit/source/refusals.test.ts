import { describe, expect, it } from 'vitest';

import { missingBranch, missingFolder } from '../../../src/source/refusals.ts';

describe('missingBranch()', () => {
  it('lists the branches there are and suggests the one that was meant', () => {
    const error = missingBranch('mian', ['release', 'main'], 'repository /srv/r');

    expect(error.reason).toBe('BranchNotFound');
    expect(error.message).toBe(
      'Cannot find branch "mian" in repository /srv/r. Did you mean "main"? It has: main, release',
    );
  });

  it('suggests nothing when nothing is near, and lists twenty at most', () => {
    const branches = Array.from({ length: 23 }, (_, index) => `topic/number-${index}`);

    expect(missingBranch('main', branches, 'r').message).not.toContain('Did you mean');
    expect(missingBranch('main', branches, 'r').message).toMatch(/ and 3 more$/);
  });

  it('says that a repository without branches is empty', () => {
    expect(missingBranch('main', [], 'r').reason).toBe('RepositoryEmpty');
  });
});

describe('missingFolder()', () => {
  it.each([
    { found: undefined, why: 'there is no such folder' },
    { found: 'file', why: 'it is a file, not a folder' },
  ])('says: $why', ({ found, why }) => {
    const error = missingFolder('apps', '1234567890abcdef', found, 'r');

    expect(error.reason).toBe('PathNotFound');
    expect(error.message).toContain(`"apps" of r: ${why} in commit 1234567890ab`);
  });
});
