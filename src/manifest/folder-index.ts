import type { TreeEntry } from '../model/tree.ts';

/** Gives everything below a folder, sorted by path; the empty path is the root. */
export type FolderIndex = (folder: string) => readonly TreeEntry[];

/** Most commits ask for no folder, so the entries are sorted when the first one is asked for. */
export function indexFolders(entries: ReadonlyMap<string, TreeEntry>): FolderIndex {
  let sorted: readonly TreeEntry[] | null = null;
  return (folder) => {
    sorted ??= [...entries.values()].toSorted(byPath);
    if (folder === '') return sorted;
    const prefix = `${folder}/`;
    const start = firstFrom(sorted, prefix);
    let end = start;
    while (sorted[end]?.path.startsWith(prefix) === true) end++;
    return sorted.slice(start, end);
  };
}

/** Equal for equal files; empty for what is not there. */
export function versionOf(entry: TreeEntry | undefined): string {
  if (entry === undefined) return '';
  return entry.executable === true ? `${entry.oid} executable` : entry.oid;
}

/** Equal for equal folders; empty for one that is not there. */
export function folderVersion(below: readonly TreeEntry[]): string {
  return below.map((entry) => `${entry.path} ${versionOf(entry)}`).join('\n');
}

function firstFrom(sorted: readonly TreeEntry[], path: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.path ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

function byPath(a: TreeEntry, b: TreeEntry): number {
  return a.path < b.path ? -1 : 1;
}
