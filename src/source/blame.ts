import { diffArrays } from 'diff';

import { StalledError } from '../model/errors.ts';
import type { Origin } from '../model/origin.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { ObjectStore } from './object-store.ts';
import { descend } from './walk-tree.ts';

/** How far back a line is followed, in commits. */
const maxDepth = 1000;
/** A larger file is not compared line by line. */
const maxBytes = 1024 ** 2;
/** Two versions that differ in more lines are taken for two files. */
const maxEditLength = 2_000;

/** A line of a file, from 1. */
export type LinePlace = Pick<Origin, 'file' | 'line'>;

/** A line in one commit. */
interface Place {
  readonly commit: string;
  /** Of what stands at the path: the file, or the submodule that it is in; empty: nothing. */
  readonly oid: string;
  readonly isFile: boolean;
  /** From 1. */
  readonly line: number;
}

interface KnownOrigin extends Place {
  readonly changed: string;
}

/**
 * Says which commit a line is from, as `git blame` does: the line is followed into each parent that has it, the first one
 * first. Answers are kept, so that a new commit costs only itself.
 */
export class Blame {
  readonly #store: ObjectStore;
  readonly #known = new BoundedCache<string, KnownOrigin>(50_000, () => 1);
  /** By the id of a file: the next line of it goes the same way. */
  readonly #lines = new BoundedCache<string, readonly string[]>(500_000, ({ length }) => length);

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /**
   * The commit that the line of the file is from, or the one at the bound of 1,000 commits. The boundary of a shallow
   * repository counts as the first commit. A file of more than 1 MiB is from its last change, and one in a submodule from the
   * commit that took the submodule in as it is.
   *
   * @param place as it is in `commit`
   */
  async lastChange(
    { file, line }: LinePlace,
    commit: string,
    signal: AbortSignal,
  ): Promise<string> {
    const start = { ...(await this.#find(file, commit)), line };
    const changed = await this.#follow(file, start, signal);
    this.#known.set(`${file}:${line}`, { ...start, changed });
    return changed;
  }

  async #follow(path: string, start: Place, signal: AbortSignal): Promise<string> {
    let at = start;
    for (let depth = 0; depth < maxDepth; depth += 1) {
      signal.throwIfAborted();
      const known = this.#known.get(`${path}:${at.line}`);
      if (known?.commit === at.commit && known.oid === at.oid) return known.changed;
      const before = await this.#before(path, at);
      if (before === null) return at.commit;
      at = before;
    }
    return at.commit;
  }

  /** The same line in a parent; null when it is from this commit. */
  async #before(path: string, at: Place): Promise<Place | null> {
    const { parents } = await this.#store.commit(at.commit);
    const places: Place[] = [];
    for (const commit of parents) {
      if ((await this.#store.findCommit(commit)) === undefined) continue;
      places.push({ ...(await this.#find(path, commit)), line: at.line });
    }
    const same = places.find(({ oid }) => oid === at.oid);
    if (same !== undefined) return same;
    for (const place of places) {
      if (!place.isFile || !at.isFile) continue;
      const line = await this.#lineBefore(place.oid, at);
      if (line !== null) return { ...place, line };
    }
    return null;
  }

  /** The number of the line in an earlier version of the file; null when it is not there. */
  async #lineBefore(oid: string, at: Place): Promise<number | null> {
    const [before, after] = [await this.#linesOf(oid), await this.#linesOf(at.oid)];
    return before === null || after === null ? null : lineBefore(before, after, at.line);
  }

  async #linesOf(oid: string): Promise<readonly string[] | null> {
    const known = this.#lines.get(oid);
    if (known !== undefined) return known;
    try {
      const lines = Buffer.from(await this.#store.blob(oid, maxBytes))
        .toString()
        .split('\n');
      this.#lines.set(oid, lines);
      return lines;
    } catch (error) {
      if (error instanceof StalledError && error.reason === 'BlobTooLarge') return null;
      throw error;
    }
  }

  async #find(path: string, commit: string): Promise<Omit<Place, 'line'>> {
    const { tree } = await this.#store.commit(commit);
    const item = await descend(this.#store, tree, path);
    return { commit, oid: item?.oid ?? '', isFile: item?.kind === 'file' };
  }
}

/**
 * Where a line of a text stands in the text before it.
 *
 * @param line from 1
 * @returns from 1; null when it is new
 */
export function lineBefore(
  before: readonly string[],
  after: readonly string[],
  line: number,
): number | null {
  const start = commonStart(before, after);
  if (line <= start) return line;
  const rest = { before: before.slice(start), after: after.slice(start) };
  const end = commonStart(rest.before.toReversed(), rest.after.toReversed());
  if (line > after.length - end) return line + before.length - after.length;
  const changes = diffArrays(
    rest.before.slice(0, rest.before.length - end),
    rest.after.slice(0, rest.after.length - end),
    { maxEditLength },
  );
  let [old, current] = [start, start];
  for (const { added, removed, count } of changes ?? []) {
    if (!removed && line <= current + count) return added ? null : old + line - current;
    if (!added) old += count;
    if (!removed) current += count;
  }
  return null;
}

/** How many lines two texts begin with alike. */
function commonStart(one: readonly string[], other: readonly string[]): number {
  const end = one.findIndex((line, index) => line !== other[index]);
  return end === -1 ? one.length : end;
}
