import { StalledError } from '../model/errors.ts';
import type { CommitSha } from '../model/names.ts';
import { toCommitSha } from '../model/names.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { ObjectStore } from './object-store.ts';
import { descend } from './walk-tree.ts';

/** How far back a change is looked for, in commits. */
const maxChangeDepth = 1000;
/** How many commits an id is looked for among. */
const maxSearch = 10_000;

interface KnownChange {
  /** The commit from which it was looked for, and what stood at the path there. */
  readonly from: string;
  readonly oid: string;
  readonly changed: string;
}

/** Questions about the commits behind a commit. Answers are kept, so that a new commit costs only itself. */
export class History {
  readonly #store: ObjectStore;
  readonly #changes = new BoundedCache<string, KnownChange>(50_000, () => 1);

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /**
   * The newest commit on the line of first parents whose version of the path differs from its parent's, or the one at
   * the bound of 1,000 commits. The boundary of a shallow repository counts as the first commit.
   */
  async lastChange(path: string, commit: string, signal: AbortSignal): Promise<string> {
    const oid = await this.#oidAt(path, commit);
    const changed = await this.#findChange(path, commit, oid, signal);
    this.#changes.set(path, { from: commit, oid, changed });
    return changed;
  }

  /**
   * The newest commits on the line of first parents that changed one of the paths, newest first: at most `limit`, among the
   * nearest 1,000. The first commit counts when it has one of them.
   */
  async versions(
    paths: readonly string[],
    commit: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    let at = commit;
    let here = await this.#oidsAt(paths, at);
    for (let depth = 0; depth < maxChangeDepth && found.length < limit; depth += 1) {
      signal.throwIfAborted();
      const parent = (await this.#store.commit(at)).parents[0];
      const isFirst = parent === undefined || (await this.#store.findCommit(parent)) === undefined;
      const before = isFirst ? paths.map(() => '') : await this.#oidsAt(paths, parent);
      if (before.some((oid, index) => oid !== here[index])) found.push(at);
      if (isFirst) break;
      at = parent;
      here = before;
    }
    return found;
  }

  async #oidsAt(paths: readonly string[], commit: string): Promise<readonly string[]> {
    const oids: string[] = [];
    for (const path of paths) oids.push(await this.#oidAt(path, commit));
    return oids;
  }

  async #findChange(
    path: string,
    commit: string,
    oid: string,
    signal: AbortSignal,
  ): Promise<string> {
    const known = this.#changes.get(path);
    let at = commit;
    for (let depth = 0; depth < maxChangeDepth; depth += 1) {
      signal.throwIfAborted();
      if (known?.from === at && known.oid === oid) return known.changed;
      const parent = (await this.#store.commit(at)).parents[0];
      if (parent === undefined || (await this.#store.findCommit(parent)) === undefined) return at;
      if ((await this.#oidAt(path, parent)) !== oid) return at;
      at = parent;
    }
    return at;
  }

  /**
   * The commits reachable from `head` whose id begins with `prefix`, at most two, looked for among the nearest 10,000.
   */
  async withPrefix(prefix: string, head: string, signal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    for await (const oid of this.#behind(head, signal)) {
      if (oid.startsWith(prefix)) found.push(oid);
      if (found.length > 1) break;
    }
    return found;
  }

  /** Whether a commit is `head`, or reachable from it among the nearest 10,000. */
  async isBehind(commit: string, head: string, signal: AbortSignal): Promise<boolean> {
    for await (const oid of this.#behind(head, signal)) if (oid === commit) return true;
    return false;
  }

  /** A commit and those that are reachable from it, the nearest first. */
  async *#behind(head: string, signal: AbortSignal): AsyncGenerator<string> {
    const seen = new Set([head]);
    for (const oid of seen) {
      signal.throwIfAborted();
      yield oid;
      if (seen.size > maxSearch) return;
      const commit = await this.#store.findCommit(oid);
      for (const parent of commit?.parents ?? []) seen.add(parent);
    }
  }

  async #oidAt(path: string, commit: string): Promise<string> {
    const { tree } = await this.#store.commit(commit);
    return (await descend(this.#store, tree, path))?.oid ?? '';
  }
}

/**
 * The one commit that was found for an abbreviated id.
 *
 * @throws StalledError `RevisionNotFound` when there is none, or more than one
 */
export function theOnly(found: readonly string[], revision: string, where: string): CommitSha {
  const [first, second] = found;
  if (first !== undefined && second === undefined) return toCommitSha(first);
  const why =
    first === undefined
      ? 'no commit, branch, tag or other ref has this name. Give a full commit id, at least its first 7 digits, or a name such as main, v1.4.0 or refs/pull/12/head'
      : 'more than one commit begins with it. Give more digits';
  throw new StalledError(
    'RevisionNotFound',
    `Cannot find revision "${revision}" in ${where}: ${why}`,
  );
}
