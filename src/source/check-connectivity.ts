import { TransientError } from '../model/errors.ts';
import { emptyTree } from './git-object.ts';
import type { ObjectStore } from './object-store.ts';

interface OpenTree {
  readonly oid: string;
  /** The tree at the same path of the commit that was checked before. */
  readonly known: string | undefined;
}

/**
 * Makes sure that every tree and blob of a commit is there. What stands unchanged in a commit that was checked before is
 * not looked at again, so that a small change costs little. Submodules are commits of other repositories and never there.
 *
 * @param has whether the packs that are to be kept hold an object
 * @throws TransientError `PackCorrupt` when something is missing
 */
export async function checkConnectivity(
  store: ObjectStore,
  has: (oid: string) => boolean,
  commit: string,
  known: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const knownRoot = known === undefined ? undefined : (await store.commit(known)).tree;
  const root = (await store.commit(commit)).tree;
  for (const oid of [commit, root]) {
    if (oid !== emptyTree && !has(oid)) throw missing(commit, oid, 'its root');
  }
  const open: OpenTree[] = [{ oid: root, known: knownRoot }];
  const checked = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    signal.throwIfAborted();
    if (next.oid === next.known || checked.has(next.oid)) continue;
    checked.add(next.oid);
    const before = next.known === undefined ? undefined : (await store.tree(next.known)).items;
    for (const { name, kind, oid } of (await store.tree(next.oid)).items.values()) {
      const old = before?.get(name);
      if (old?.oid === oid) continue;
      if (kind === 'submodule') continue;
      if (oid !== emptyTree && !has(oid)) throw missing(commit, oid, name);
      if (kind === 'tree') open.push({ oid, known: old?.kind === 'tree' ? old.oid : undefined });
    }
  }
}

function missing(commit: string, oid: string, name: string): TransientError {
  return new TransientError(
    'PackCorrupt',
    `Cannot accept commit ${commit}: the server did not send object ${oid} (${JSON.stringify(name)})`,
  );
}
