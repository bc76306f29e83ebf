import { StalledError } from '../../model/errors.ts';
import type { TreeEntry } from '../../model/tree.ts';
import { findItem, maxEntries, tooManyEntries, walkTree, type WalkedTree } from '../walk-tree.ts';
import { moduleFileName, parseModuleFile, type ModuleFile } from './module-file.ts';
import { refusedSubmodule, type SubmoduleSite } from './refused-submodule.ts';
import type { ReadRepository } from './submodule-repository.ts';
import { placeOf } from './submodule-rule.ts';
import type { Submodules } from './submodules.ts';

const maxDepth = 5;
const maxSubmodules = 100;
const maxModuleFileBytes = 256 * 1024;

/** A commit of one repository at its place in the whole. */
interface Level {
  readonly repository: ReadRepository;
  readonly commit: string;
  /** From the root of the followed repository; `''` for that itself. */
  readonly path: string;
  /** Places of the repositories around it and of itself. */
  readonly places: readonly string[];
}

/** What stands at the followed path in place of a folder; undefined: nothing. */
export interface NoFolder {
  readonly kind: 'no-folder';
  readonly found: string | undefined;
}

/**
 * Lists everything below a folder of a commit as Git would have it in a working tree with all its submodules: their files
 * stand among the others. A submodule with `update = none` stays an entry of its own.
 *
 * @throws StalledError `SubmoduleRefused`, `UnsupportedRepository`
 * @throws TransientError when a submodule cannot be had now
 */
export async function graftTree(
  submodules: Submodules,
  repository: ReadRepository,
  commit: string,
  folder: string,
  signal: AbortSignal,
): Promise<WalkedTree | NoFolder> {
  const entries = new Map<string, TreeEntry>();
  const skipped: string[] = [];
  let count = 0;
  const top = { repository, commit, path: '', places: [placeOf(repository.location)] };
  const found = await graft(top, folder);
  return found === 'tree' ? { entries, skipped } : { kind: 'no-folder', found };

  async function graft(level: Level, folder: string): Promise<string | undefined> {
    const { store } = level.repository;
    const { tree } = await store.commit(level.commit);
    const found = await findItem(store, tree, folder);
    if (found?.item.kind === 'submodule') {
      const inner = await enter(level, found.path, found.item.oid);
      return inner === null ? 'submodule' : graft(inner, found.rest);
    }
    if (found?.item.kind !== 'tree') return found?.item.kind;
    const walked = await walkTree(store, found.item.oid, folder, signal);
    skipped.push(...walked.skipped.map((reason) => withPath(level, reason)));
    for (const entry of walked.entries.values()) {
      const inner = entry.kind === 'submodule' ? await enter(level, entry.path, entry.oid) : null;
      if (inner !== null) await graft(inner, '');
      else add({ ...entry, path: joined(level.path, entry.path) });
    }
    return 'tree';
  }

  function add(entry: TreeEntry): void {
    entries.set(entry.path, entry);
    if (entries.size > maxEntries) throw tooManyEntries(folder);
  }

  /** Null for a submodule that is left out on purpose. */
  async function enter(level: Level, pathIn: string, oid: string): Promise<Level | null> {
    const path = joined(level.path, pathIn);
    const { where } = level.repository;
    const facts = (await moduleFileOf(level, path)).get(pathIn);
    const site: SubmoduleSite = { path, where, at: facts?.at ?? null };
    if (facts === undefined) throw refusedSubmodule(site, '.gitmodules does not name it');
    if (facts.isLeftOut) return null;
    count += 1;
    if (count > maxSubmodules) {
      throw refusedSubmodule(site, `there are more than ${maxSubmodules} submodules`);
    }
    if (level.places.length > maxDepth) {
      throw refusedSubmodule(site, `submodules stand in each other more than ${maxDepth} deep`);
    }
    const { repository: around, places } = level;
    const repository = await submodules.bring({ around, places, facts, site, commit: oid }, signal);
    const own = placeOf(repository.location);
    return { repository, commit: oid, path, places: [...places, own] };
  }
}

/** What the root of the commit says of its submodules. */
async function moduleFileOf(
  { repository, commit }: Level,
  path: string,
): Promise<Extract<ModuleFile, { kind: 'read' }>['byPath']> {
  const { store, where } = repository;
  const { tree } = await store.commit(commit);
  const item = (await store.tree(tree)).items.get(moduleFileName);
  if (item === undefined) return new Map();
  const site = { path, where, at: moduleFileName };
  if (item.kind !== 'file') throw refusedSubmodule(site, `${moduleFileName} is a ${item.kind}`);
  const bytes = await store.blob(item.oid, maxModuleFileBytes).catch((error: unknown) => {
    if (!(error instanceof StalledError)) throw error;
    throw refusedSubmodule(site, `${moduleFileName} has more than ${maxModuleFileBytes} bytes`);
  });
  const file = parseModuleFile(Buffer.from(bytes).toString());
  if (file.kind === 'read') return file.byPath;
  throw refusedSubmodule({ ...site, at: file.at }, file.reason);
}

function withPath({ path }: Level, reason: string): string {
  return path === '' ? reason : `in submodule ${path}: ${reason}`;
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}
