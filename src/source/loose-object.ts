import { randomUUID } from 'node:crypto';
import { chown, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';

import { syncPath } from './durable-files.ts';
import type { GitObject } from './git-object.ts';
import { objectHeader } from './git-object.ts';

const compress = promisify(deflate);

/**
 * Adds objects to a repository of somebody else, so that a machine which stops at any moment leaves none half written:
 * isomorphic-git writes them in place. Whoever owns the repository owns them, also when root writes.
 */
export async function writeLooseObjects(
  gitdir: string,
  objects: readonly GitObject[],
): Promise<void> {
  for (const object of objects) await writeLooseObject(gitdir, object);
}

async function writeLooseObject(gitdir: string, { type, oid, bytes }: GitObject): Promise<void> {
  const folder = join(gitdir, 'objects', oid.slice(0, 2));
  const file = join(folder, oid.slice(2));
  if (await exists(file)) return;
  const packed = await compress(Buffer.concat([objectHeader(type, bytes), bytes]));
  if ((await mkdir(folder, { recursive: true })) !== undefined) await giveToOwner(folder);
  // `tmp_obj_` is what Git calls them too: it prunes those that were left behind.
  const temporary = join(folder, `tmp_obj_${randomUUID()}`);
  try {
    const handle = await open(temporary, 'wx', 0o444);
    try {
      await handle.writeFile(packed);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await giveToOwner(temporary);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncPath(folder);
}

/** Gives what root has made to the owner of the folder around it: otherwise Git would be locked out of its own repository. */
export async function giveToOwner(path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(path));
  await chown(path, uid, gid);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
