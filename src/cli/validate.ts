import { createHash } from 'node:crypto';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import type { LoadedManifests, TooLarge } from '../manifest/manifest.ts';
import { maxFileBytes } from '../manifest/manifest.ts';
import { UsageError } from '../model/errors.ts';
import type { TreeEntry } from '../model/tree.ts';
import { loadAll } from '../reconcile/load-revision.ts';
import { renderDiagnostics, summarizeDiagnostics } from '../report/render-diagnostics.ts';
import { maxEntries } from '../source/walk-tree.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { toJson } from './output.ts';

/** `fleetwright validate [PATH]`: checks manifests as they lie on disk. No daemon, no Docker, no Git. */
export async function validate(path: string, output: Output): Promise<ExitCode> {
  const root = resolve(path);
  const info = await lstat(root).catch(() => null);
  if (info === null) throw new UsageError(`Cannot validate "${path}": it does not exist`);
  const loaded = info.isDirectory()
    ? await loadFolder(root)
    : await loadFolder(dirname(root), [basename(root)]);
  if (loaded.found.length === 0 && loaded.diagnostics.length === 0) {
    throw new UsageError(
      `Cannot validate "${path}": there is no compose.yaml or *.compose.yaml in it or below`,
    );
  }
  const isValid = loaded.diagnostics.every(({ severity }) => severity !== 'error');
  if (output.format === 'json') output.data(toJson(documentOf(loaded, isValid)));
  else printText(loaded, isValid, output);
  return isValid ? exitCode.done : exitCode.negative;
}

async function loadFolder(root: string, only?: readonly string[]): Promise<LoadedManifests> {
  const entries = await listFolder(root);
  const read = async (file: string): Promise<Uint8Array | TooLarge> => {
    const full = join(root, file);
    const { size } = await lstat(full);
    return size > maxFileBytes ? { kind: 'too-large', limit: maxFileBytes } : readFile(full);
  };
  // What is sealed here goes nowhere.
  const key = new Uint8Array();
  const input = { entries, root: '', rootName: basename(root), key, fleetRequired: false };
  return loadAll(only === undefined ? input : { ...input, only }, read, new Map());
}

/** Everything below a folder, as a commit would list it. Links are listed and not followed; `.git` is left out. */
async function listFolder(root: string): Promise<ReadonlyMap<string, TreeEntry>> {
  const entries = new Map<string, TreeEntry>();
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name === '.git' || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) entries.set(path, await fileEntry(root, path));
      else if (entry.isSymbolicLink()) entries.set(path, { path, kind: 'symlink', oid: '' });
    }
    if (entries.size > maxEntries) {
      throw new UsageError(`Cannot validate "${root}": it holds more than ${maxEntries} files`);
    }
  }
  return entries;
}

async function fileEntry(root: string, path: string): Promise<TreeEntry> {
  const { mode } = await lstat(join(root, path));
  const entry = { path, kind: 'file' as const, oid: diskOid(root, path) };
  return (mode & 0o100) === 0 ? entry : { ...entry, executable: true };
}

/** Files on disk have no blob id; their place tells them apart within one run. */
function diskOid(root: string, path: string): string {
  return createHash('sha1').update(join(root, path)).digest('hex');
}

interface DiagnosticsDocument {
  readonly version: 1;
  readonly valid: boolean;
  readonly applications: readonly string[];
  readonly diagnostics: LoadedManifests['diagnostics'];
}

function documentOf(loaded: LoadedManifests, valid: boolean): DiagnosticsDocument {
  const { found, diagnostics } = loaded;
  return { version: 1, valid, applications: found, diagnostics };
}

function printText(loaded: LoadedManifests, isValid: boolean, output: Output): void {
  const { diagnostics, found } = loaded;
  const shown = diagnostics.filter(({ severity }) => severity !== 'note' || output.verbose);
  if (shown.length > 0) output.data(renderDiagnostics(shown, output.style));
  const summary = summarizeDiagnostics(diagnostics, found.length);
  const { style } = output;
  output.data(isValid ? style.green(`Valid: ${summary}`) : style.red(`Invalid: ${summary}`));
}
