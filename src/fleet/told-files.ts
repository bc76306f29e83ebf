import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream';

import { extract } from 'tar-stream';

import type { FileStamps } from '../model/file-stamps.ts';
import { parseStamps } from '../model/file-stamps.ts';
import type { DockerHost } from './docker-host.ts';
import { enginePath } from './engine-path.ts';
import { EngineError, isStatus } from './engine-error.ts';
import { anchor } from './file-anchor.ts';
import { toldName } from './file-archive.ts';

/**
 * What a container was told of its files, by the volume that they are in. Labels cannot change, and what the files hold now
 * does not say what the program has read.
 *
 * @returns null when the engine does not say
 */
export async function readTold(
  client: DockerHost,
  container: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<FileStamps | null> {
  try {
    const archive = await client.stream({
      what: `read what container "${container}" was told of its files`,
      path: enginePath`/containers/${container}/archive`,
      query: { path: `${anchor}/${toldName}` },
      deadlineMs,
      signal,
    });
    for await (const entry of pipeline(archive, extract(), () => {})) {
      return parseStamps((await buffer(entry)).toString('utf8'));
    }
    return {};
  } catch (error) {
    if (isStatus(error, 404)) return {};
    if (error instanceof EngineError && error.trouble === 'status') return null;
    throw error;
  }
}
