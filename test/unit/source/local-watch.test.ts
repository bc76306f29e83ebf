import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Source } from '../../../src/source/source.ts';
import type { GitRepository, ScratchFolder } from '../../support/git-repository.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';
import { contentOfHead, never, openTestSource, reasonOf } from '../../support/open-test-source.ts';

let scratch: ScratchFolder;
let repository: GitRepository;

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await createRepository(join(scratch.path, 'work'));
});

afterEach(() => scratch[Symbol.asyncDispose]());

describe('LocalSource.watch()', () => {
  it('hints at a new commit at once, long before the poll', async () => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource({ repository: repository.path });
    await source.head(never);
    await using watch = await startWatch(source);

    await repository.commit({ a: '2' });

    await expect.poll(() => watch.hints, { timeout: 2000, interval: 5 }).toBeGreaterThan(0);
  });

  it('hints when a branch that stood in packed-refs only is gone', async () => {
    await repository.commit({ a: '1' });
    await repository.git('checkout', '-q', '--detach');
    await repository.git('pack-refs', '--all');
    await using source = await openTestSource({ repository: repository.path });
    await source.head(never);
    await using watch = await startWatch(source);

    await repository.git('branch', '-D', 'main');

    await expect.poll(() => watch.hints, { timeout: 2000, interval: 5 }).toBeGreaterThan(0);
    expect(await reasonOf(source.head(never))).toBe('RepositoryEmpty');
  });

  it.each([
    { name: 'a tag that is moved', ref: { kind: 'tag', name: 'v1.0.0' }, act: 'v1.0.0' },
    {
      name: 'a higher version',
      ref: { kind: 'semver', range: '1.x', tagPrefix: '' },
      act: 'v1.0.1',
    },
  ] as const)('hints at $name, loose or packed', async ({ ref, act }) => {
    await repository.commit({ a: '1' });
    await repository.git('tag', 'v1.0.0');
    await using source = await openTestSource({ repository: repository.path, ref });
    await source.head(never);
    await using watch = await startWatch(source);
    await repository.commit({ a: '2' });
    await sleep(100);
    expect(watch.hints).toBe(0);

    await repository.git('tag', '-f', '-m', 'moved', act);

    await expect.poll(() => watch.hints, { timeout: 2000, interval: 5 }).toBeGreaterThan(0);
    const { commit } = await source.head(never);
    expect(commit).toBe(await repository.git('rev-parse', 'main'));
    await repository.git('pack-refs', '--all');
    await sleep(100);
    watch.hints = 0;
    await repository.git('tag', '-d', act);
    await expect.poll(() => watch.hints, { timeout: 2000, interval: 5 }).toBeGreaterThan(0);
  });

  it('hints when a fixed commit comes', async () => {
    await repository.commit({ a: '1' });
    const other = await createRepository(join(scratch.path, 'other'));
    const id = await other.commit({ b: '1' });
    const ref = { kind: 'commit', id } as const;
    await using source = await openTestSource({ repository: repository.path, ref });
    expect(await reasonOf(source.head(never))).toBe('CommitNotFound');
    await using watch = await startWatch(source);

    await repository.git('fetch', '-q', other.path, 'main:refs/heads/other');

    await expect.poll(() => watch.hints, { timeout: 2000, interval: 5 }).toBeGreaterThan(0);
    expect(await contentOfHead(source)).toEqual({ b: '1' });
  });

  it('notices by the poll that the repository was replaced, and reads the new one', async () => {
    await repository.commit({ a: '1' });
    const other = await createRepository(join(scratch.path, 'other'));
    await other.commit({ b: '1' });
    await using source = await openTestSource({ repository: repository.path, pollIntervalMs: 500 });
    await source.head(never);
    await using watch = await startWatch(source);

    await rename(repository.path, `${repository.path}.old`);
    await rename(other.path, repository.path);
    await expect.poll(() => watch.hints, { timeout: 5000 }).toBeGreaterThan(0);

    expect(await contentOfHead(source)).toEqual({ b: '1' });
  });

  it('does not hint when gc moves refs without changing any', async () => {
    await repository.commit({ a: '1' });
    await using source = await openTestSource({ repository: repository.path });
    await source.head(never);
    await using watch = await startWatch(source);

    await repository.git('gc', '-q');
    await sleep(300);

    expect(watch.hints).toBe(0);
  });
});

/** Counts hints; the watch is at work when it is given. */
async function startWatch(source: Source): Promise<AsyncDisposable & { hints: number }> {
  const watch = source.watch(() => {
    counter.hints += 1;
  });
  const counter = { hints: 0, [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose]() };
  await sleep(300);
  return counter;
}
