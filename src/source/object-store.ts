import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { readObject } from 'isomorphic-git';

import { TransientError } from '../model/errors.ts';
import { gitMessageOf } from './as-source-error.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { Commit } from './commit-object.ts';
import { parseCommit } from './commit-object.ts';
import { ObjectFiles } from './object-files.ts';
import type { ParsedTree } from './tree-object.ts';
import { parseTree } from './tree-object.ts';

type ObjectType = 'blob' | 'commit' | 'tree';

const maxAttempts = 3;

/** The repository has no object of this id and type. */
export class MissingObjectError extends TransientError {}

/**
 * The objects of one Git directory, by id. Trees and commits are kept once parsed, since an id never changes its meaning.
 * isomorphic-git's own cache holds whole packs; it is dropped when packs have gone away, or dead packs would stay in memory.
 *
 * Every read throws a TransientError `PackCorrupt` when the object is missing or cannot be read.
 */
export class ObjectStore {
  readonly #gitdir: string;
  /** The repository, as messages name it. */
  readonly #where: string;
  readonly #files: ObjectFiles;
  readonly #trees = new BoundedCache<string, ParsedTree>(400_000, (tree) => 1 + tree.items.size);
  readonly #commits = new BoundedCache<string, Commit>(50_000, () => 1);
  /** isomorphic-git's cache of packs. */
  #packs: object = {};
  /** Commits whose parents were left out by a shallow clone. */
  #shallow: ReadonlySet<string> = new Set();

  constructor(gitdir: string, where: string) {
    this.#gitdir = gitdir;
    this.#where = where;
    this.#files = new ObjectFiles(gitdir);
  }

  /** Takes notice of packs that are gone, and of the boundary of a shallow clone. To be called before new commits are read. */
  async refresh(): Promise<void> {
    if (await this.#files.refresh()) this.#packs = {};
    const shallow = await readFile(join(this.#gitdir, 'shallow'), 'utf8').catch(() => '');
    this.#shallow = new Set(shallow.split('\n').filter((line) => line !== ''));
  }

  async commit(oid: string): Promise<Commit> {
    const known = this.#commits.get(oid);
    if (known !== undefined) return known;
    const parsed = this.#parsed(oid, await this.#read(oid, 'commit'), parseCommit);
    const commit = this.#shallow.has(oid) ? { ...parsed, parents: [] } : parsed;
    this.#commits.set(oid, commit);
    return commit;
  }

  /** The commit, or undefined when the repository has no commit of this id. */
  async findCommit(oid: string): Promise<Commit | undefined> {
    try {
      return await this.commit(oid);
    } catch (error) {
      if (error instanceof MissingObjectError) return undefined;
      throw error;
    }
  }

  async tree(oid: string): Promise<ParsedTree> {
    const known = this.#trees.get(oid);
    if (known !== undefined) return known;
    const tree = this.#parsed(oid, await this.#read(oid, 'tree'), parseTree);
    this.#trees.set(oid, tree);
    return tree;
  }

  blob(oid: string): Promise<Uint8Array> {
    return this.#read(oid, 'blob');
  }

  /** The bytes of a tree object, as they are stored. */
  treeBytes(oid: string): Promise<Uint8Array> {
    return this.#read(oid, 'tree');
  }

  /** The bytes of a commit object, as they are stored. */
  commitBytes(oid: string): Promise<Uint8Array> {
    return this.#read(oid, 'commit');
  }

  /** Tries again with a fresh cache: a `gc` under way moves objects from file to file while they are looked for. */
  async #read(oid: string, type: ObjectType): Promise<Uint8Array> {
    let packs = this.#packs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const bytes = await this.#readFrom(packs, oid, type);
        this.#packs = packs;
        return bytes;
      } catch (error) {
        if (attempt === maxAttempts) throw this.#failure(oid, type, error);
      }
      await sleep(5);
      await this.refresh();
      packs = {};
    }
  }

  async #readFrom(packs: object, oid: string, type: ObjectType): Promise<Uint8Array> {
    const { client: fs } = this.#files;
    const options = { fs, gitdir: this.#gitdir, oid, cache: packs };
    const found = await readObject({ ...options, format: 'content' });
    if (found.type === type && found.object instanceof Uint8Array) return found.object;
    throw this.#missing(oid, type, `it is a ${found.type}`);
  }

  #parsed<T>(oid: string, bytes: Uint8Array, parse: (bytes: Uint8Array) => T): T {
    try {
      return parse(bytes);
    } catch (error) {
      throw this.#failure(oid, 'object', error);
    }
  }

  #failure(oid: string, type: ObjectType | 'object', error: unknown): TransientError {
    if (error instanceof TransientError) return error;
    if (error instanceof Error && error.name === 'NotFoundError') {
      return this.#missing(oid, type, 'the repository does not hold it');
    }
    return new TransientError(
      'PackCorrupt',
      `Cannot read ${type} ${oid} of ${this.#where}: ${gitMessageOf(error)}`,
      { cause: error },
    );
  }

  #missing(oid: string, type: string, why: string): MissingObjectError {
    const message = `Cannot read ${type} ${oid} of ${this.#where}: ${why}`;
    return new MissingObjectError('PackCorrupt', message);
  }
}
