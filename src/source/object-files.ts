import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { PromiseFsClient } from 'isomorphic-git';

/**
 * The file system that isomorphic-git reads objects through. For every single object it would look whether the Git
 * directory is one, try to open a loose object that mostly is not there, and list all packs; this answers those three from
 * what `refresh()` saw, which makes the first walk of a large tree several times faster. It writes nothing.
 */
export class ObjectFiles {
  readonly client: PromiseFsClient;
  readonly #gitdir: string;
  readonly #objects: string;
  readonly #packs: string;
  /** Names in the folder of packs. */
  #packNames: readonly string[] = [];
  /** Names in the folders of loose objects, by folder; read when first asked for. */
  #loose = new Map<string, Promise<ReadonlySet<string>>>();
  #folders: ReadonlySet<string> = new Set();

  constructor(gitdir: string) {
    this.#gitdir = gitdir;
    this.#objects = join(gitdir, 'objects');
    this.#packs = join(this.#objects, 'pack');
    this.client = {
      promises: {
        stat: async (path: string) => (path === this.#gitdir ? folderStat : stat(path)),
        readdir: async (path: string) =>
          path === this.#packs ? [...this.#packNames] : readdir(path),
        readFile: (path: string, options: object) => this.#readFile(path, options),
        lstat,
        readlink,
        writeFile: refuse,
        mkdir: refuse,
        rmdir: refuse,
        unlink: refuse,
        symlink: refuse,
      },
    };
  }

  /** Looks at the folders anew, and tells whether a pack that was there is gone. */
  async refresh(): Promise<boolean> {
    this.#loose = new Map();
    this.#folders = new Set(await names(this.#objects));
    const before = this.#packNames;
    this.#packNames = await names(this.#packs);
    return before.some((name) => name.endsWith('.idx') && !this.#packNames.includes(name));
  }

  async #readFile(path: string, options: object): Promise<Buffer | string> {
    const loose = /\/([0-9a-f]{2})\/([0-9a-f]{38})$/.exec(path);
    const [, folder, name] = loose ?? [];
    if (folder === undefined || name === undefined) return readFile(path, options);
    if (!this.#folders.has(folder) || !(await this.#namesIn(folder)).has(name))
      throw notThere(path);
    return readFile(path, options);
  }

  #namesIn(folder: string): Promise<ReadonlySet<string>> {
    const known = this.#loose.get(folder);
    if (known !== undefined) return known;
    const read = names(join(this.#objects, folder)).then((found) => new Set(found));
    this.#loose.set(folder, read);
    return read;
  }
}

const folderStat = { isFile: () => false, isDirectory: () => true };

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

function notThere(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), {
    code: 'ENOENT',
  });
}

function refuse(): never {
  throw new Error('objects are only read here');
}
