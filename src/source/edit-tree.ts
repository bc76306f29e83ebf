import { StalledError } from '../model/errors.ts';
import type { GitObject } from './git-object.ts';
import { emptyTree, gitObject } from './git-object.ts';
import type { ObjectStore } from './object-store.ts';
import type { RawTreeEntry } from './tree-object.ts';
import { splitTree } from './tree-object.ts';

/** By path: the blob that a file becomes, or null to remove it. */
type Edits = ReadonlyMap<string, string | null>;

export interface EditedTree {
  readonly oid: string;
  /** Trees that have changed; the store does not hold them. */
  readonly trees: readonly GitObject[];
}

const fileMode = '100644';
const treeMode = '40000';
const submoduleMode = '160000';
const inSubmodule =
  'it is a submodule, and its files belong to another repository. Commit them there, then move the submodule to that commit, by hand';

/**
 * A tree with some files changed. Only the folders above them are written anew, and what else stands in these stays byte for
 * byte as it was, also a name or a mode that isomorphic-git would refuse.
 *
 * @param treeOid null for a folder that is not there yet
 * @throws StalledError `ChangeConflict` when a folder stands where a file is to be, or the other way round
 */
export async function editTree(
  store: ObjectStore,
  treeOid: string | null,
  edits: Edits,
  folder = '',
): Promise<EditedTree> {
  const entries = treeOid === null ? [] : splitTree(await store.treeBytes(treeOid));
  const byName = new Map(
    entries.map((entry) => [Buffer.from(entry.name).toString('latin1'), entry]),
  );
  const trees: GitObject[] = [];
  for (const [name, below] of byFirstName(edits)) {
    const key = Buffer.from(name).toString('latin1');
    const path = folder === '' ? name : `${folder}/${name}`;
    const before = byName.get(key);
    const isTree = before !== undefined && before.mode.replace(/^0/, '') === treeMode;
    const own = below.get('');
    if (own !== undefined) {
      if (isTree) throw conflict(path, 'it is a folder now');
      if (own === null) byName.delete(key);
      else byName.set(key, { mode: modeOf(before), name: Buffer.from(name), oid: own });
      continue;
    }
    if (before === undefined && [...below.values()].every((oid) => oid === null)) continue;
    if (before?.mode === submoduleMode) throw conflict(path, inSubmodule);
    if (before !== undefined && !isTree) throw conflict(path, 'it is no folder now');
    const edited = await editTree(store, before?.oid ?? null, below, path);
    trees.push(...edited.trees);
    if (edited.oid === emptyTree) byName.delete(key);
    else byName.set(key, { mode: treeMode, name: Buffer.from(name), oid: edited.oid });
  }
  const tree = gitObject('tree', joinTree([...byName.values()]));
  const isNew = tree.oid !== treeOid && (tree.oid !== emptyTree || folder === '');
  return { oid: tree.oid, trees: isNew ? [...trees, tree] : trees };
}

/** Git keeps no folder without files. */
/** Edits by the first part of their paths; the rest of a path that ends there is empty. */
function byFirstName(edits: Edits): ReadonlyMap<string, Edits> {
  const groups = new Map<string, Map<string, string | null>>();
  for (const [path, oid] of edits) {
    const slash = path.indexOf('/');
    const name = slash === -1 ? path : path.slice(0, slash);
    const group = groups.get(name) ?? new Map<string, string | null>();
    groups.set(name, group.set(slash === -1 ? '' : path.slice(slash + 1), oid));
  }
  return groups;
}

/** A link or a submodule does not stay one: its content would be taken for a target. */
function modeOf(before: RawTreeEntry | undefined): string {
  return before?.mode.startsWith('100') === true ? before.mode : fileMode;
}

function joinTree(entries: readonly RawTreeEntry[]): Buffer {
  const sorted = entries.toSorted((a, b) => Buffer.compare(sortKey(a), sortKey(b)));
  return Buffer.concat(
    sorted.flatMap(({ mode, name, oid }) => [
      Buffer.from(`${mode} `),
      name,
      Buffer.alloc(1),
      Buffer.from(oid, 'hex'),
    ]),
  );
}

/** Git sorts a folder as if its name ended with a slash. */
function sortKey({ mode, name }: RawTreeEntry): Buffer {
  const isTree = mode.replace(/^0/, '') === treeMode;
  return isTree ? Buffer.concat([name, Buffer.from('/')]) : Buffer.from(name);
}

function conflict(path: string, why: string): StalledError {
  return new StalledError('ChangeConflict', `Cannot change "${path}": ${why}`);
}
