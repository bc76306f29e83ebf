import { messageOf } from '../../model/errors.ts';
import { GitConfigError, parseGitConfig } from './git-config.ts';

/** What `.gitmodules` says of one submodule. */
export interface ModuleFacts {
  readonly name: string;
  /** As written; undefined when it says none. */
  readonly url: string | undefined;
  /** Where that stands, as `.gitmodules:3`. */
  readonly at: string;
  /** `update = none`: Git does not fetch it either. */
  readonly isLeftOut: boolean;
}

export type ModuleFile =
  | { readonly kind: 'read'; readonly byPath: ReadonlyMap<string, ModuleFacts> }
  | { readonly kind: 'malformed'; readonly at: string; readonly reason: string };

/** Where a repository says where its submodules are. */
export const moduleFileName = '.gitmodules';

/** Reads a `.gitmodules`. Of a setting that is said twice the last one holds, as in Git. */
export function parseModuleFile(text: string): ModuleFile {
  const modules = new Map<string, Map<string, { readonly value: string; readonly line: number }>>();
  try {
    for (const { section, subsection: name, key, value, line } of parseGitConfig(text)) {
      if (section !== 'submodule') continue;
      const settings = modules.get(name) ?? new Map();
      modules.set(name, settings.set(key, { value, line }));
    }
  } catch (error) {
    const line = error instanceof GitConfigError ? error.line : 1;
    return { kind: 'malformed', at: place(line), reason: messageOf(error) };
  }
  const byPath = new Map<string, ModuleFacts>();
  for (const [name, settings] of modules) {
    const path = settings.get('path');
    if (path === undefined) continue;
    const url = settings.get('url');
    const key = path.value.replace(/\/+$/, '');
    if (byPath.has(key)) {
      return { kind: 'malformed', at: place(path.line), reason: `two submodules are at "${key}"` };
    }
    const isLeftOut = settings.get('update')?.value === 'none';
    byPath.set(key, { name, url: url?.value, at: place((url ?? path).line), isLeftOut });
  }
  return { kind: 'read', byPath };
}

function place(line: number): string {
  return `${moduleFileName}:${line}`;
}
