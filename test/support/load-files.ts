import { createHash } from 'node:crypto';

import { loadManifests, type ParseCache } from '../../src/manifest/load.ts';
import {
  maxFileBytes,
  type LoadedManifests,
  type ManifestInput,
  type TooLarge,
} from '../../src/manifest/manifest.ts';
import type { ApplicationSpec, ServiceSpec } from '../../src/model/application.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import type { TreeEntry } from '../../src/model/tree.ts';

/** A repository by path: text or bytes, a program, or a link that is not followed. */
export type Files = Readonly<
  Record<string, string | Uint8Array | Program | { readonly link: TreeEntry['kind'] }>
>;

interface Program {
  readonly text: string;
  readonly executable: true;
}

/** Secrets are sealed with it. */
export const testKey = Buffer.from('installation key of the tests');

type Options = Partial<Pick<ManifestInput, 'root' | 'fleetRequired' | 'only'>> & {
  readonly cache?: ParseCache;
  /** Told of every path that is asked for. */
  readonly onRead?: (path: string) => void;
};

/** Loads a repository that is given as data, feeding the files that are asked for. */
export function loadFiles(files: Files, options: Options = {}): LoadedManifests {
  const { cache = new Map(), onRead, ...input } = options;
  const entries = new Map(Object.keys(files).map((path) => [path, entryOf(files, path)]));
  const contents = new Map<string, Uint8Array | TooLarge>();
  for (;;) {
    const result = loadManifests(
      { entries, root: '', key: testKey, fleetRequired: false, ...input, contents },
      cache,
    );
    if (result.kind === 'loaded') return result;
    for (const path of result.paths) {
      if (contents.has(path)) throw new Error(`"${path}" is asked for twice`);
      onRead?.(path);
      contents.set(path, contentOf(files, path));
    }
  }
}

/** The one service of a manifest that must be valid. */
export function loadService(manifest: string, others: Files = {}): ServiceSpec {
  const [service] = loadApplication(manifest, others).services;
  if (service === undefined) throw new Error('the manifest has no service');
  return service;
}

/** One service `web` of the application `shop`, with an image and these lines; `after` follows the service. */
export function loadWeb(
  lines: readonly string[] = [],
  after = '',
  others: Files = {},
): ServiceSpec {
  const own = lines.map((line) => `    ${line}\n`).join('');
  return loadService(`services:\n  web:\n    image: nginx\n${own}${after}`, others);
}

/** The application of a manifest that must be valid. */
export function loadApplication(manifest: string, others: Files = {}): ApplicationSpec {
  const { applications, diagnostics } = loadFiles({ 'shop/compose.yaml': manifest, ...others });
  const [application] = applications;
  if (application === undefined) throw new Error(diagnostics.map(formatProblem).join('\n'));
  return application;
}

/** `shop/compose.yaml:3:5 unknown-key: unknown key "imge"`. */
export function formatProblem(problem: Diagnostic): string {
  const { file, line, column, code, message } = problem;
  return `${file}:${line}:${column} ${code}: ${message}`;
}

function bytesOf(files: Files, path: string): Uint8Array {
  const content = files[path];
  if (content instanceof Uint8Array) return content;
  if (isProgram(content)) return Buffer.from(content.text);
  return Buffer.from(typeof content === 'string' ? content : '');
}

function contentOf(files: Files, path: string): Uint8Array | TooLarge {
  const bytes = bytesOf(files, path);
  return bytes.length > maxFileBytes ? { kind: 'too-large', limit: maxFileBytes } : bytes;
}

function entryOf(files: Files, path: string): TreeEntry {
  const content = files[path];
  const oid = createHash('sha1').update(bytesOf(files, path)).digest('hex');
  if (isProgram(content)) return { path, kind: 'file', oid, executable: true };
  const isLink = typeof content === 'object' && !(content instanceof Uint8Array);
  return { path, kind: isLink ? content.link : 'file', oid };
}

function isProgram(content: Files[string] | undefined): content is Program {
  return typeof content === 'object' && 'executable' in content;
}
