import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import type { FileAccess } from './file-access.ts';
import type { Node, ScalarNode } from './node.ts';
import type { ParseCache } from './parse-cache.ts';
import { readDocuments, unreadable } from './read-documents.ts';
import type { Budget } from './expansion-budget.ts';

/** What is shared by all files that one application is read from. */
export interface Reading {
  readonly files: FileAccess;
  readonly cache: ParseCache;
  /** The folder of the manifest: whatever file a path is written in, it ends up relative to this one. */
  readonly home: string;
  readonly budget: Budget;
  readonly diagnostics: Diagnostic[];
  /** Files that the application includes: they are parts of it, and no applications of their own. */
  readonly included: Set<string>;
  /** A part could not be had, and that was reported: what is missing now need not be missing in truth. */
  broken: boolean;
}

/** Compose files that are read together, the later over the earlier: a manifest with its overrides, or one `include`. */
export interface Project {
  readonly paths: readonly string[];
  /** Relative paths in them start here. */
  readonly folder: string;
  readonly variables: ReadonlyMap<string, string>;
  /** The files on the way here, these ones too. */
  readonly trail: readonly string[];
}

/** A file that another one names, with its documents; none as long as its bytes are needed. */
export interface ReferencedFile {
  readonly path: string;
  readonly documents: readonly Node[];
}

/** What Compose fetches from elsewhere: `oci://…`, `https://…`, `git@…`. */
const remote = /^(?:[a-z][a-z0-9+.-]*:\/\/|git@)/i;

/** Reports what keeps the application from being whole. */
export function fail(reading: Reading, diagnostic: Diagnostic): void {
  reading.diagnostics.push(diagnostic);
  reading.broken = true;
}

/** Reads the Compose file that `written` names from `folder`, or reports there why it cannot be read. */
export function readReferenced(
  reading: Reading,
  folder: string,
  written: ScalarNode,
  place: { readonly path: string; readonly what: string },
): ReferencedFile | null {
  const text = String(written.value);
  if (remote.test(text)) {
    const message = `Cannot read ${place.what} "${text}": it lies outside the repository`;
    const hint = 'Commit a copy of the file: nothing but a commit changes what runs';
    const code = 'path-outside-repository';
    fail(reading, diagnosticAt(written.origin, place.path, code, message, { hint }));
    return null;
  }
  const state = reading.files.peekFrom(folder, text);
  if (state.kind === 'absent' || state.kind === 'refused') {
    fail(reading, unreadable(state, written.origin, place.path, place.what));
    return null;
  }
  return { path: state.path, documents: documentsOf(reading, state.path) };
}

/** The documents of a file; what is wrong with it is reported. */
export function documentsOf(reading: Reading, path: string): readonly Node[] {
  const yaml = readDocuments(reading.files, reading.cache, path);
  if (yaml === null) return [];
  reading.diagnostics.push(...yaml.diagnostics);
  reading.broken ||= yaml.diagnostics.some(({ severity }) => severity === 'error');
  return yaml.documents;
}

/** One value, or a list of them; null when it is neither, or not of texts. */
export function textsOf(node: Node | undefined): readonly ScalarNode[] | null {
  const nodes = node?.kind === 'list' ? node.items : [node];
  const texts = nodes.filter((each) => isText(each));
  return texts.length === nodes.length ? texts : null;
}

export function isText(node: Node | undefined): node is ScalarNode {
  return node?.kind === 'scalar' && typeof node.value === 'string' && node.value !== '';
}
