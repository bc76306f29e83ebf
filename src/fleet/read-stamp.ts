import { basename } from 'node:path/posix';
import { pipeline } from 'node:stream';

import { extract } from 'tar-stream';

import type { FileSpec } from '../model/container.ts';
import type { FileStamps } from '../model/file-stamps.ts';
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
  /** By path, what was given of those files of a folder that have a stamp of their own. */
  readonly apart: FileStamps;
  readonly key: InstallationKey | null;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** The stamps of a file, or of a folder and some of its files, of a container as they are now, by path. */
export async function readStampsOf(asked: Asked): Promise<FileStamps> {
  const files = await readFiles(asked);
  const { target, given, apart, key } = asked;
  if (typeof files === 'string') return asOf([target, ...Object.keys(apart)], files);
  const name = basename(target);
  const isApart = (file: Read): boolean => apart[pathOf(file, target, name)] !== undefined;
  const own = files.filter(isApart).map((file) => [pathOf(file, target, name), file] as const);
  const found = own.map(([path, file]) => [path, stampOf([file], file.target, '', key)] as const);
  const rest = files.filter((file) => !isApart(file));
  return {
    ...asOf(Object.keys(apart), missing),
    ...Object.fromEntries(found),
    [target]: stampOf(rest, name, given, key),
  };
}

type Read = Pick<FileSpec, 'target' | 'content'>;

function asOf(paths: readonly string[], stamp: string): FileStamps {
  return Object.fromEntries(paths.map((path) => [path, stamp]));
}

/** The engine puts the last part of the path that was asked for before each name. */
function pathOf(file: Read, target: string, name: string): string {
  return `${target}${file.target.slice(name.length)}`;
}

/** All files at a path with their bytes; a text: why there is no stamp of them. */
async function readFiles(asked: Asked): Promise<readonly Read[] | string> {
  const { client, container, target, deadlineMs, signal } = asked;
  try {
    const archive = await client.stream({
      what: `read "${target}" of container "${container}"`,
      path: enginePath`/containers/${container}/archive`,
      query: { path: target },
      deadlineMs,
      signal,
    });
    const files: Read[] = [];
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
    return files;
  } catch (error) {
    if (isStatus(error, 404)) return missing;
    throw error;
  }
}

function stampOf(
  files: readonly Read[],
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
