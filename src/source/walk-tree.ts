import { StalledError } from '../model/errors.ts';
import type { TreeEntry } from '../model/tree.ts';
import type { ObjectStore } from './object-store.ts';
import type { TreeItem } from './tree-object.ts';

/** A repository with more entries below the followed path is refused rather than held in memory. */
export const maxEntries = 500_000;

export interface WalkedTree {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  readonly skipped: readonly string[];
}

/**
 * Lists everything below a tree, whose path from the root is `folder`. Trees are read by id, so that what has not changed
 * since an earlier walk is not read again.
 *
 * @throws StalledError `UnsupportedRepository` when there are more than 500,000 entries
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
    seen += tree.items.size;
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

/** What stands at a path below a tree, or the submodule that the path leads into. */
export interface FoundItem {
  readonly item: TreeItem;
  /** Where the item stands: the path, or the part of it that leads to a submodule. */
  readonly path: string;
  /** What is left of the path, within the submodule. */
  readonly rest: string;
}

/** Undefined when there is nothing at the path. */
export async function findItem(
  store: ObjectStore,
  treeOid: string,
  path: string,
): Promise<FoundItem | undefined> {
  const names = path === '' ? [] : path.split('/');
  let item: TreeItem = { name: '', kind: 'tree', oid: treeOid };
  for (const [depth, name] of names.entries()) {
    if (item.kind === 'submodule') {
      return { item, path: names.slice(0, depth).join('/'), rest: names.slice(depth).join('/') };
    }
    const inner = item.kind === 'tree' ? (await store.tree(item.oid)).items.get(name) : undefined;
    if (inner === undefined) return undefined;
    item = inner;
  }
  return { item, path, rest: '' };
}

/** What stands at a path below a tree: the tree itself for the empty path, a submodule for all that is in it. */
export async function descend(
  store: ObjectStore,
  treeOid: string,
  path: string,
): Promise<TreeItem | undefined> {
  return (await findItem(store, treeOid, path))?.item;
}

export function tooManyEntries(folder: string): StalledError {
  return new StalledError(
    'UnsupportedRepository',
    `Cannot list the files below "${folder || '/'}": there are more than ${maxEntries.toLocaleString('en')} files and folders. Configure a path that holds only the manifests`,
  );
}
