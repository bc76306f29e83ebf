import { dirname } from 'node:path/posix';

import { diagnosticAt } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';
import { listNode, mapNode } from './build-node.ts';
import { readIncludeVariables } from './dotenv-file.ts';
import { spend, spendFile, type Spent } from './expansion-budget.ts';
import { fillVariables } from './fill-variables.ts';
import { joinIncludes, type IncludedModel } from './include-conflicts.ts';
import { extendNode } from './merge.ts';
import { member, type MapNode, type Node, type ScalarNode } from './node.ts';
import {
  fail,
  isText,
  readReferenced,
  textsOf,
  type Project,
  type Reading,
  type ReferencedFile,
} from './reading.ts';

/** One entry of `include`, in its long form. */
interface Include {
  /** The first is the manifest that is included, the others are merged over it. */
  readonly paths: readonly ScalarNode[];
  readonly projectDirectory: ScalarNode | null;
  /** Null: the `.env` file in the project directory, if there is one. */
  readonly envFiles: readonly ScalarNode[] | null;
  readonly origin: Origin;
  readonly path: string;
}

/** Reads a project; given as an argument, since the two call each other. */
type ReadModel = (reading: Reading, project: Project) => Node | null;

/** More files on the way to one are no honest ones; the bound keeps the recursion from exhausting the stack. */
const maxTrail = 100;

const keys = new Set(['path', 'project_directory', 'env_file']);

/**
 * Merges a document over what it includes. Each entry of `include` is a project of its own, with its own folder and
 * variables; the including document wins. An entry of another shape stays, for the check of the shape to refuse it.
 */
export function applyIncludes(
  reading: Reading,
  project: Project,
  file: string,
  document: Node,
  readModel: ReadModel,
): Node {
  const written = member(document, 'include');
  if (document.kind !== 'map' || written?.kind !== 'list') return document;
  const includes = written.items.map((item, index) => readInclude(item, `include.${index}`));
  const models = includes.flatMap((include): readonly IncludedModel[] => {
    if (include === null) return [];
    const node = readIncluded(reading, project, file, include, readModel);
    return node === null ? [] : [{ node, origin: include.origin, path: include.path }];
  });
  const refused = written.items.filter((_, index) => includes[index] === null);
  const own = withIncludes(document, refused);
  const joined = joinIncludes(models, own);
  for (const problem of joined.diagnostics) fail(reading, problem);
  const { node, diagnostics } = extendNode(joined.node, own);
  reading.diagnostics.push(...diagnostics);
  return { ...node, origin: document.origin };
}

function withIncludes(document: MapNode, refused: readonly Node[]): MapNode {
  const entries = new Map(document.entries);
  const entry = entries.get('include');
  if (entry === undefined || refused.length === 0) entries.delete('include');
  else entries.set('include', { ...entry, node: listNode(entry.node.origin, refused) });
  return { ...document, entries };
}

/** Null when it has another shape. */
function readInclude(item: Node, path: string): Include | null {
  const { origin } = item;
  if (isText(item)) {
    return { paths: [item], projectDirectory: null, envFiles: null, origin, path };
  }
  if (item.kind !== 'map' || [...item.entries.keys()].some((key) => !keys.has(key))) return null;
  const paths = textsOf(member(item, 'path'));
  const projectDirectory = member(item, 'project_directory') ?? null;
  const envFile = member(item, 'env_file');
  const envFiles = envFile === undefined ? null : textsOf(envFile);
  if (paths === null || paths.length === 0) return null;
  if (projectDirectory !== null && !isText(projectDirectory)) return null;
  if (envFile !== undefined && envFiles === null) return null;
  const named = envFiles === null || envFiles.length === 0 ? null : envFiles;
  return { paths, projectDirectory, envFiles: named, origin, path };
}

function readIncluded(
  reading: Reading,
  project: Project,
  file: string,
  include: Include,
  readModel: ReadModel,
): MapNode | null {
  if (project.trail.length > maxTrail) {
    const message = `Cannot include this: more than ${maxTrail} files include each other in a row`;
    fail(reading, diagnosticAt(include.origin, include.path, 'too-deep', message));
    return null;
  }
  if (!isAffordable(reading, spendFile(reading.budget), include)) return null;
  const place = { path: include.path, what: 'included file' };
  const files = include.paths.map((path) => readReferenced(reading, project.folder, path, place));
  const found = files.filter((each): each is ReferencedFile => each !== null);
  const [main] = found;
  if (main === undefined || found.length < files.length) return null;
  const repeated = found.find(({ path }) => project.trail.includes(path));
  if (repeated !== undefined) {
    reportCycle(reading, project, repeated.path, include);
    return null;
  }
  const folder = folderOf(reading, project, main, include);
  if (folder === null) return null;
  const variables = readIncludeVariables(reading, project, folder, include.envFiles, include.path);
  const paths = found.map(({ path }) => path);
  for (const path of paths) reading.included.add(path);
  const trail = [...project.trail, ...paths];
  const model = readModel(reading, { paths, folder, variables, trail });
  if (model === null || !isAffordable(reading, spend(reading.budget, model), include)) return null;
  const whole = fillVariables(model, variables);
  if (whole.kind === 'map') return importedPart(reading, file, whole);
  const message = `Cannot include "${main.path}": it holds no mapping`;
  fail(reading, diagnosticAt(whole.origin, '', 'wrong-type', message));
  return null;
}

/** The folder that the included files are relative to: that of the first one, unless another is named. */
function folderOf(
  reading: Reading,
  project: Project,
  main: ReferencedFile,
  { projectDirectory, path }: Include,
): string | null {
  if (projectDirectory === null) {
    const folder = dirname(main.path);
    return folder === '.' ? '' : folder;
  }
  const folder = reading.files.folderFrom(project.folder, String(projectDirectory.value));
  if (folder !== null) return folder;
  const message = `Cannot use "${String(projectDirectory.value)}" as the project directory: it lies outside the repository`;
  const hint = 'Name a folder by its path relative to the manifest';
  const at = `${path}.project_directory`;
  fail(
    reading,
    diagnosticAt(projectDirectory.origin, at, 'path-outside-repository', message, { hint }),
  );
  return null;
}

const ownAffairs = /^(?:name|version|x-.*)$/;
const unheard = 'x-fleetwright';

/** What an included file gives to the application: what it declares, and neither its name nor its settings. */
function importedPart(reading: Reading, by: string, model: MapNode): MapNode {
  const own = model.entries.get(unheard);
  if (own !== undefined) {
    const message = `"${unheard}" of an included file has no effect on the application that includes it`;
    const hint = `Move it to ${by}`;
    reading.diagnostics.push(
      diagnosticAt(own.key, unheard, 'ignored-value', message, { severity: 'warning', hint }),
    );
  }
  const entries = [...model.entries].filter(([key]) => !ownAffairs.test(key));
  return { ...mapNode(model.origin, []), entries: new Map(entries) };
}

function reportCycle(reading: Reading, project: Project, path: string, include: Include): void {
  const cycle = [...project.trail.slice(project.trail.indexOf(path)), path].join(' → ');
  const message = `Cannot include "${path}": files include each other: ${cycle}`;
  const hint = 'Move what both need to a third file';
  fail(reading, diagnosticAt(include.origin, include.path, 'include-cycle', message, { hint }));
}

function isAffordable(reading: Reading, spent: Spent, include: Include): boolean {
  if (spent === 'exceeded') {
    const message = `Cannot include this: the application is too large with what it includes`;
    fail(reading, diagnosticAt(include.origin, include.path, 'too-many-values', message));
  }
  return spent === 'within';
}
