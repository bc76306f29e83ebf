import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { messageOf, StalledError, TransientError } from '../model/errors.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { Commit } from './commit-object.ts';
import { parseCommit } from './commit-object.ts';
import { emptyTree } from './git-object.ts';
import { ObjectFiles } from './pack/object-files.ts';
import { TooLargeError } from './pack/too-large.ts';
import type { ParsedTree } from './tree-object.ts';
import { parseTree } from './tree-object.ts';

type ObjectType = 'blob' | 'commit' | 'tag' | 'tree';

const maxAttempts = 3;
const maxTagDepth = 10;
/** Larger ones are in no repository of manifests. */
const maxObjectBytes = 64 * 1024 ** 2;

/** The repository has no object of this id and type. */
class MissingObjectError extends TransientError {}

/** It has one of this id, and of another type: looking again finds nothing else. */
class OtherTypeError extends MissingObjectError {
  readonly found: string;

  constructor(doing: string, found: string) {
    super('PackCorrupt', `${doing}: it is a ${found}`);
    this.found = found;
  }
}

/**
 * The objects of one Git directory, by id. Trees and commits are kept once parsed, since an id never changes its meaning.
 *
 * Every read throws a TransientError `PackCorrupt` when the object is missing or cannot be read.
 */
export class ObjectStore implements AsyncDisposable {
  readonly #gitdir: string;
  /** The repository, as messages name it. */
  readonly #where: string;
  readonly #onUnread: ((oid: string) => void) | undefined;
  readonly #files: ObjectFiles;
  readonly #trees = new BoundedCache<string, ParsedTree>(400_000, (tree) => 1 + tree.items.size);
  readonly #commits = new BoundedCache<string, Commit>(50_000, () => 1);
  /** Commits whose parents were left out by a shallow clone. */
  #shallow: ReadonlySet<string> = new Set();

  /** @param onUnread is told the id of an object that cannot be read, or is not there */
  constructor(gitdir: string, where: string, onUnread?: (oid: string) => void) {
    this.#gitdir = gitdir;
    this.#where = where;
    this.#onUnread = onUnread;
    this.#files = new ObjectFiles(gitdir);
  }

  /** Takes notice of packs that are gone, and of the boundary of a shallow clone. To be called before new commits are read. */
  async refresh(): Promise<void> {
    await this.#files.refresh();
    const shallow = await readFile(join(this.#gitdir, 'shallow'), 'utf8').catch(() => '');
    this.#shallow = new Set(shallow.split('\n').filter((line) => line !== ''));
  }

  /** Whether there is an object of this id, be it readable or not. */
  has(oid: string): Promise<boolean> {
    return this.#files.has(oid);
  }

  /** Like `refresh()`, when files may have been replaced by others of the same name. */
  async reopen(): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
    await this.refresh();
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

  /**
   * The commit that an object is, or that a tag names, be it by way of other tags.
   *
   * @throws StalledError `UnsupportedRepository` when that is no commit
   */
  async peel(oid: string): Promise<string> {
    let at = oid;
    for (let depth = 0; depth < maxTagDepth; depth += 1) {
      const target = this.#commits.get(at) === undefined ? await this.#tagged(at) : undefined;
      if (target === undefined) break;
      at = target;
    }
    return at;
  }

  async tree(oid: string): Promise<ParsedTree> {
    const known = this.#trees.get(oid);
    if (known !== undefined) return known;
    const tree = this.#parsed(oid, await this.#read(oid, 'tree'), parseTree);
    this.#trees.set(oid, tree);
    return tree;
  }

  /** @throws StalledError `BlobTooLarge`, before it is made */
  blob(oid: string, maxBytes = maxObjectBytes): Promise<Uint8Array> {
    return this.#read(oid, 'blob', maxBytes);
  }

  /** The bytes of a tree object, as they are stored. */
  treeBytes(oid: string): Promise<Uint8Array> {
    return this.#read(oid, 'tree');
  }

  /** The bytes of a commit object, as they are stored. */
  commitBytes(oid: string): Promise<Uint8Array> {
    return this.#read(oid, 'commit');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]();
  }

  /** Looks again when it fails: a `gc` under way moves objects from file to file while they are looked for. */
  async #read(oid: string, type: ObjectType, maxBytes = maxObjectBytes): Promise<Uint8Array> {
    if (oid === emptyTree) return new Uint8Array();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#readOnce(oid, type, maxBytes);
      } catch (error) {
        const isFinal = error instanceof StalledError || error instanceof OtherTypeError;
        if (attempt === maxAttempts || isFinal) {
          if (!isFinal) this.#onUnread?.(oid);
          throw this.#failure(oid, type, error);
        }
      }
      await sleep(5);
      await this.refresh();
    }
  }

  async #readOnce(oid: string, type: ObjectType, maxBytes: number): Promise<Uint8Array> {
    try {
      const found = await this.#files.read(oid, maxBytes);
      if (found?.type === type) return found.bytes;
      const doing = `Cannot read ${type} ${oid} of ${this.#where}`;
      throw found === null
        ? new MissingObjectError('PackCorrupt', `${doing}: the repository does not hold it`)
        : new OtherTypeError(doing, found.type);
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
      throw new StalledError(
        'BlobTooLarge',
        `Cannot read ${type} ${oid} of ${this.#where}: it has ${error.size} bytes, and ${maxBytes} are allowed here`,
        { cause: error },
      );
    }
  }

  /** What a tag object names; undefined when the object is none. */
  async #tagged(oid: string): Promise<string | undefined> {
    try {
      const text = Buffer.from(await this.#read(oid, 'tag')).toString('latin1');
      return /^object ([0-9a-f]{40})$/m.exec(text)?.[1];
    } catch (error) {
      if (!(error instanceof OtherTypeError)) throw error;
      if (error.found === 'commit') return undefined;
      throw new StalledError(
        'UnsupportedRepository',
        `Cannot follow a tag of ${this.#where}: it leads to a ${error.found} (${oid}), not to a commit. Tag a commit`,
      );
    }
  }

  #parsed<T>(oid: string, bytes: Uint8Array, parse: (bytes: Uint8Array) => T): T {
    try {
      return parse(bytes);
    } catch (error) {
      throw this.#failure(oid, 'object', error);
    }
  }

  #failure(oid: string, type: ObjectType | 'object', error: unknown): Error {
    if (error instanceof TransientError || error instanceof StalledError) return error;
    return new TransientError(
      'PackCorrupt',
      `Cannot read ${type} ${oid} of ${this.#where}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
