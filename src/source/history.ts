import { StalledError } from '../model/errors.ts';
import type { CommitSha } from '../model/names.ts';
import { toCommitSha } from '../model/names.ts';
import type { ObjectStore } from './object-store.ts';
import { descend } from './walk-tree.ts';

/** How far back a change is looked for, in commits. */
const maxChangeDepth = 1000;
/** How many commits an id is looked for among. */
const maxSearch = 10_000;

/** Questions about the commits behind a commit. */
export class History {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
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
