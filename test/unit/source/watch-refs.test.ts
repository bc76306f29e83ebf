import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { watchRefs } from '../../../src/source/watch-refs.ts';
import { createRepository, scratchFolder } from '../../support/git-repository.ts';

it('watchRefs().follow() gets the events of a directory that replaced the watched one', async () => {
  await using scratch = await scratchFolder();
  const before = await createRepository(join(scratch.path, 'watched'));
  const after = await createRepository(join(scratch.path, 'other'));
  const gitdir = join(before.path, '.git');
  let changes = 0;
  const onChange = (): void => void (changes += 1);
  await using watch = watchRefs(gitdir, 'refs/heads', onChange, () => {});
  await sleep(200);
  await rename(before.path, `${before.path}.old`);
  await rename(after.path, before.path);

  await watch.follow();
  await sleep(300);
  changes = 0;
  await (await createRepository(before.path)).commit({ a: '1' });

  await expect.poll(() => changes, { timeout: 2000 }).toBeGreaterThan(0);
});
