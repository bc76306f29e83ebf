import fs from 'node:fs';
import { rm } from 'node:fs/promises';

import { init, packObjects, writeObject } from 'isomorphic-git';

import type { GitObject } from './git-object.ts';

/**
 * The bytes of a pack that holds just these objects, whole.
 *
 * @param gitdir a Git directory of its own, which is made for this and removed
 */
export async function makePack(gitdir: string, objects: readonly GitObject[]): Promise<Uint8Array> {
  await rm(gitdir, { recursive: true, force: true });
  try {
    await init({ fs, bare: true, dir: gitdir, gitdir });
    for (const { type, bytes } of objects) {
      await writeObject({ fs, gitdir, type, object: bytes, format: 'content' });
    }
    const oids = objects.map(({ oid }) => oid);
    const { packfile } = await packObjects({ fs, gitdir, oids, write: false });
    if (packfile === undefined) throw new Error('isomorphic-git made no pack');
    return packfile;
  } finally {
    await rm(gitdir, { recursive: true, force: true });
  }
}
