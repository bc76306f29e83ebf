import { basename } from 'node:path/posix';
import { pipeline } from 'node:stream';

import { extract } from 'tar-stream';

import type { FileSpec } from '../model/container.ts';
import { contentStamp, keyOfStamp, stampOfOne } from '../model/file-stamps.ts';
import { seal, type InstallationKey } from '../model/sealed.ts';
import type { DockerHost } from './docker-host.ts';
import { enginePath } from './engine-path.ts';
import { isStatus } from './engine-error.ts';
import { compareText } from './normal-form.ts';

/** More than this was never delivered, and is not read to the end. */
const maxBytes = 16 * 1024 * 1024;

/** What stands in for the stamp of what cannot have one. */
const missing = 'missing';
const tooLarge = 'too large';

interface Asked {
  readonly client: DockerHost;
  readonly container: string;
  readonly target: string;
  /** What it was given, which says whether it is a secret. */
  readonly given: string;
  readonly key: InstallationKey | null;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** The stamp of a file or folder of a container as it is now. */
export async function readStamp(asked: Asked): Promise<string> {
  const { client, container, target, given, key, deadlineMs, signal } = asked;
  try {
    const archive = await client.stream({
      what: `read "${target}" of container "${container}"`,
      path: enginePath`/containers/${container}/archive`,
      query: { path: target },
      deadlineMs,
      signal,
    });
    const files: Pick<FileSpec, 'target' | 'content'>[] = [];
    let size = 0;
    // An answer that breaks off ends the reading, and reading that ends early ends the answer.
    for await (const entry of pipeline(archive, extract(), () => {})) {
      const { name, type } = entry.header;
      const chunks: Buffer[] = [];
      for await (const chunk of entry) {
        chunks.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size > maxBytes) return tooLarge;
      }
      const content = type === 'file' ? Buffer.concat(chunks).toString('base64') : (type ?? '');
      if (type !== 'directory') files.push({ target: name, content });
    }
    return stampOf(files, basename(target), given, key);
  } catch (error) {
    if (isStatus(error, 404)) return missing;
    throw error;
  }
}

/** The engine puts the last part of the path that was asked for before each name. */
function stampOf(
  files: readonly Pick<FileSpec, 'target' | 'content'>[],
  name: string,
  given: string,
  key: InstallationKey | null,
): string {
  const [first] = files;
  if (files.length === 1 && first?.target === name) {
    const isSecret = keyOfStamp(given) !== '';
    if (!isSecret || key === null) return stampOfOne([first]);
    const content = seal(key, Buffer.from(first.content, 'base64'));
    return stampOfOne([{ content, sealed: true }]);
  }
  const inner = files.map(({ target, content }) => ({
    target: target.slice(name.length + 1),
    content,
  }));
  return contentStamp(inner.toSorted((a, b) => compareText(a.target, b.target)));
}
