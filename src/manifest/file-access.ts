import { basename, dirname } from 'node:path/posix';

import type { TreeEntry } from '../model/tree.ts';
import { folderVersion, versionOf, type FolderIndex } from './folder-index.ts';
import type { ManifestInput } from './manifest.ts';
import { isLfsPointer } from './lfs-pointer.ts';
import { repositoryFolder, repositoryPath } from './repository-path.ts';
import { didYouMean } from './suggest.ts';

/** What a path of the repository holds, as far as it is known. */
export type FileState =
  | {
      readonly kind: 'read';
      readonly path: string;
      readonly oid: string;
      readonly bytes: Uint8Array;
      readonly executable: boolean;
    }
  /** It exists, but its bytes are not here yet. */
  | { readonly kind: 'needed'; readonly path: string; readonly oid: string }
  /** The suggestion costs a look at every path, and most absent files are not missed. */
  | { readonly kind: 'absent'; readonly path: string; readonly suggestion: () => string }
  | { readonly kind: 'refused'; readonly path: string; readonly refusal: Refusal };

/** Why a file that is there, or might be, is not read. */
interface Refusal {
  readonly code: 'symlink' | 'submodule' | 'lfs-pointer' | 'too-large' | 'path-outside-repository';
  /** Completes "Cannot read …: ". */
  readonly reason: string;
  readonly hint: string;
}

/** The files of one tree. It remembers what it was asked for, so that a result can be kept as long as these are equal. */
export interface FileAccess {
  /** Paths of files that exist and were asked for, but whose bytes are not here yet. */
  readonly needed: ReadonlySet<string>;
  /** Everything asked for: its version by path, empty for what does not exist. The path of a folder ends with a slash. */
  readonly asked: ReadonlyMap<string, string>;
  /** The paths asked for at which something is, sorted. */
  found(): readonly string[];
  /** The file at a path from the root of the repository. */
  read(path: string): FileState;
  /** The same, for a caller that can do without the bytes. */
  peek(path: string): FileState;
  /** The file that a manifest in `folder` names. */
  readFrom(folder: string, written: string): FileState;
  /** The same, for a caller that can do without the bytes. */
  peekFrom(folder: string, written: string): FileState;
  /** The folder that a manifest in `folder` names, or null when it is no part of the repository. */
  folderFrom(folder: string, written: string): string | null;
  /** Everything below a folder, sorted by path. */
  list(folder: string): readonly TreeEntry[];
}

export function createFileAccess(input: ManifestInput, folders: FolderIndex): FileAccess {
  const needed = new Set<string>();
  const asked = new Map<string, string>();

  function peek(path: string): FileState {
    asked.set(path, versionOf(input.entries.get(path)));
    return stateOf(input, path);
  }

  function read(path: string): FileState {
    const state = peek(path);
    if (state.kind === 'needed') needed.add(path);
    return state;
  }

  function readFrom(folder: string, written: string): FileState {
    return at(folder, written, read);
  }

  function peekFrom(folder: string, written: string): FileState {
    return at(folder, written, peek);
  }

  function at(folder: string, written: string, look: (path: string) => FileState): FileState {
    const path = repositoryPath(input.root, folder, written);
    return path === null
      ? { kind: 'refused', path: written, refusal: outside(input.root) }
      : look(path);
  }

  function folderFrom(folder: string, written: string): string | null {
    return repositoryFolder(input.root, folder, written);
  }

  function list(folder: string): readonly TreeEntry[] {
    const below = folders(folder);
    asked.set(`${folder}/`, folderVersion(below));
    return below;
  }

  function found(): readonly string[] {
    return [...asked]
      .filter(([path, version]) => version !== '' && !path.endsWith('/'))
      .map(([path]) => path)
      .toSorted();
  }

  return { needed, asked, found, peek, read, readFrom, peekFrom, folderFrom, list };
}

function stateOf(input: ManifestInput, path: string): FileState {
  const entry = input.entries.get(path) ?? linkAbove(input, path);
  if (entry === undefined) {
    return { kind: 'absent', path, suggestion: () => suggestion(input, path) };
  }
  if (entry.kind !== 'file') return { kind: 'refused', path, refusal: refuseLink(entry) };
  const bytes = input.contents.get(path);
  if (bytes === undefined) return { kind: 'needed', path, oid: entry.oid };
  if (!(bytes instanceof Uint8Array)) {
    return { kind: 'refused', path, refusal: tooLarge(bytes.limit) };
  }
  if (isLfsPointer(bytes)) return { kind: 'refused', path, refusal: lfsPointer };
  return { kind: 'read', path, oid: entry.oid, bytes, executable: entry.executable === true };
}

/** The symbolic link or submodule in which `path` would lie. */
function linkAbove(input: ManifestInput, path: string): TreeEntry | undefined {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const entry = input.entries.get(folder);
    if (entry !== undefined && entry.kind !== 'file') return entry;
  }
  return undefined;
}

function refuseLink(entry: TreeEntry): Refusal {
  return entry.kind === 'symlink'
    ? {
        code: 'symlink',
        reason: `"${entry.path}" is a symbolic link, and links are not followed`,
        hint: 'Commit the file itself in its place',
      }
    : {
        code: 'submodule',
        reason: `"${entry.path}" is a Git submodule that is not followed`,
        hint: 'Commit the files themselves in its place, or let the configuration of the operator follow submodules (submodules: same-host)',
      };
}

const lfsPointer: Refusal = {
  code: 'lfs-pointer',
  reason: 'it is a Git LFS pointer, its content is not in the repository',
  hint: 'Commit the file itself (git lfs untrack, then git add --renormalize), or bring large data to the host in an image or a volume',
};

function tooLarge(limit: number): Refusal {
  return {
    code: 'too-large',
    reason: `it is larger than ${Math.round(limit / 1024)} KiB`,
    hint: 'Split it, or bring large data to the host in an image or a volume',
  };
}

function outside(root: string): Refusal {
  return {
    code: 'path-outside-repository',
    reason:
      root === ''
        ? 'it lies outside the repository'
        : `it lies outside the followed path "${root}"`,
    hint: 'Name a file by its path relative to the manifest',
  };
}

function suggestion(input: ManifestInput, path: string): string {
  const folder = dirname(path);
  const siblings = [...input.entries.keys()].filter((each) => dirname(each) === folder);
  return didYouMean(
    basename(path),
    siblings.map((each) => basename(each)),
  );
}
