import { buffer } from 'node:stream/consumers';

import { pack } from 'tar-stream';

import type { FileSpec } from '../model/container.ts';

/**
 * One tar archive of a container's files, to be unpacked at `/`. It holds no folders: the engine makes the missing ones
 * when it unpacks, while an entry for one that exists would change its mode and owner (`/tmp`).
 */
export async function fileArchive(files: readonly FileSpec[]): Promise<Buffer> {
  const archive = pack();
  for (const { target, content, mode, uid, gid } of files) {
    // A fixed time, so that the same files always make the same archive.
    const header = { name: target.slice(1), mode, uid, gid, mtime: new Date(0) };
    archive.entry(header, Buffer.from(content, 'base64'));
  }
  archive.finalize();
  return buffer(archive);
}
