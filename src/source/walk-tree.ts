import { StalledError } from '../model/errors.ts';
import type { TreeEntry } from '../model/tree.ts';
import type { ObjectStore } from './object-store.ts';
import type { TreeItem } from './tree-object.ts';

/** A repository with more entries below the followed path is refused rather than held in memory. */
const maxEntries = 200_000;

export interface WalkedTree {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  readonly skipped: readonly string[];
}

/**
 * Lists everything below a tree, whose path from the root is `folder`. Trees are read by id, so that what has not changed
 * since an earlier walk is not read again.
 *
 * @throws StalledError `UnsupportedRepository` when there are more than 200,000 entries
 */
export async function walkTree(
  store: ObjectStore,
  treeOid: string,
  folder: string,
  signal: AbortSignal,
): Promise<WalkedTree> {
  const entries = new Map<string, TreeEntry>();
  const skipped: string[] = [];
  let seen = 0;
  const open: { readonly oid: string; readonly folder: string }[] = [{ oid: treeOid, folder }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    signal.throwIfAborted();
    const tree = await store.tree(next.oid);
    const prefix = next.folder === '' ? '' : `${next.folder}/`;
    seen += 1 + tree.items.size;
    if (seen > maxEntries) throw tooManyEntries(folder);
    skipped.push(...tree.skipped.map((reason) => `in ${next?.folder || 'the root'}: ${reason}`));
    for (const { name, kind, oid, executable } of tree.items.values()) {
      const path = prefix + name;
      if (kind === 'tree') open.push({ oid, folder: path });
      else entries.set(path, executable ? { path, kind, oid, executable } : { path, kind, oid });
    }
  }
  return { entries, skipped };
}

/** What stands at a path below a tree: the tree itself for the empty path, undefined when there is nothing. */
export async function descend(
  store: ObjectStore,
  treeOid: string,
  path: string,
): Promise<TreeItem | undefined> {
  let item: TreeItem = { name: '', kind: 'tree', oid: treeOid };
  for (const name of path === '' ? [] : path.split('/')) {
    const inner = item.kind === 'tree' ? (await store.tree(item.oid)).items.get(name) : undefined;
    if (inner === undefined) return undefined;
    item = inner;
  }
  return item;
}

function tooManyEntries(folder: string): StalledError {
  return new StalledError(
    'UnsupportedRepository',
    `Cannot list the files below "${folder || '/'}": there are more than ${maxEntries.toLocaleString('en')}. Configure a path that holds only the manifests`,
  );
}
