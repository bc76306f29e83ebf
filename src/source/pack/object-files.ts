import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { createBaseCache, PackFile, type StoredObject } from './pack-file.ts';
import { readLoose } from './read-loose.ts';
import { TooLargeError } from './too-large.ts';

/** Folders of objects that borrow from each other, in a row. Git stops there too. */
const maxAlternates = 5;
/** As much as Git keeps by itself (`core.deltaBaseCacheLimit`): less, and each file of a large repository costs its whole chain. */
const baseCacheBytes = 96 * 1024 ** 2;

/**
 * The objects of one Git directory, in packs and in files of their own, and those that it borrows from others. What is there
 * is listed by `refresh()` only, since Git would otherwise be asked for the same folders with each object.
 */
export class ObjectFiles implements AsyncDisposable {
  readonly #objects: string;
  readonly #bases = createBaseCache(baseCacheBytes);
  /** By path without ending; the one that was read last comes last, and is asked first. */
  #packs = new Map<string, Promise<PackFile>>();
  #folders: readonly string[];
  /** Names in the folders of loose objects, by folder; read when first asked for. */
  #loose = new Map<string, Promise<ReadonlySet<string>>>();

  constructor(gitdir: string) {
    this.#objects = join(gitdir, 'objects');
    this.#folders = [this.#objects];
  }

  /** Takes notice of what is new and what is gone. Packs that are gone are closed. */
  async refresh(): Promise<void> {
    this.#loose = new Map();
    this.#folders = await withAlternates(this.#objects);
    const bases = (await Promise.all(this.#folders.map(packsIn))).flat();
    const before = this.#packs;
    this.#packs = new Map(
      bases.map((base) => [base, before.get(base) ?? PackFile.open(base, this.#bases)]),
    );
    for (const [base, pack] of this.#packs) {
      // A pack that cannot be opened is none; it is tried again when it is looked for the next time.
      await pack.catch(() => this.#packs.delete(base));
    }
    for (const [base, pack] of before) if (!this.#packs.has(base)) await close(pack);
  }

  async has(oid: string): Promise<boolean> {
    for (const opened of this.#packs.values()) if ((await opened).has(oid)) return true;
    for (const folder of this.#folders) {
      if ((await this.#namesIn(join(folder, oid.slice(0, 2)))).has(oid.slice(2))) return true;
    }
    return false;
  }

  /**
   * The object, or null when there is none. Where one pack is damaged another may hold it, too.
   *
   * @throws TooLargeError, before it is made
   * @throws Error when it cannot be read
   */
  async read(oid: string, maxBytes: number): Promise<StoredObject | null> {
    let failure: unknown;
    for (const [base, opened] of [...this.#packs].toReversed()) {
      const pack = await opened;
      if (!pack.has(oid)) continue;
      try {
        const found = await pack.read(oid, maxBytes);
        this.#packs.delete(base);
        this.#packs.set(base, opened);
        return found;
      } catch (error) {
        if (error instanceof TooLargeError) throw error;
        failure = error;
      }
    }
    for (const folder of this.#folders) {
      const names = join(folder, oid.slice(0, 2));
      if (!(await this.#namesIn(names)).has(oid.slice(2))) continue;
      return readLoose(join(names, oid.slice(2)), maxBytes);
    }
    if (failure !== undefined) throw failure;
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const packs = [...this.#packs.values()];
    this.#packs = new Map();
    for (const pack of packs) await close(pack);
  }

  #namesIn(folder: string): Promise<ReadonlySet<string>> {
    const known = this.#loose.get(folder);
    if (known !== undefined) return known;
    const read = names(folder).then((found) => new Set(found));
    this.#loose.set(folder, read);
    return read;
  }
}

async function close(pack: Promise<PackFile>): Promise<void> {
  await (await pack.catch(() => null))?.close();
}

/** Only packs with an index: Git writes that last. */
async function packsIn(folder: string): Promise<readonly string[]> {
  const found = await names(join(folder, 'pack'));
  return found
    .filter((name) => name.endsWith('.idx'))
    .map((name) => join(folder, 'pack', name.slice(0, -4)))
    .toSorted();
}

/** The folder, and those that it borrows from (`objects/info/alternates`), as forks of one server do. */
async function withAlternates(folder: string): Promise<readonly string[]> {
  const folders = new Set([folder]);
  let level = [folder];
  for (let depth = 0; depth < maxAlternates && level.length > 0; depth += 1) {
    const lists = await Promise.all(level.map(alternatesOf));
    level = lists.flat().filter((path) => !folders.has(path));
    for (const path of level) folders.add(path);
  }
  return [...folders];
}

async function alternatesOf(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, 'info', 'alternates'), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => resolve(folder, line));
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
