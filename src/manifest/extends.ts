import { dirname } from 'node:path/posix';

import { diagnosticAt } from '../model/diagnostic.ts';
import { mapNode } from './build-node.ts';
import { spend } from './expansion-budget.ts';
import { composeCasts, interpolate } from './interpolate.ts';
import { extendNode, mergeNodes } from './merge.ts';
import { member, type MapEntry, type MapNode, type Node, type ScalarNode } from './node.ts';
import { memberPath } from './path-table.ts';
import { fail, isText, readReferenced, type Reading } from './reading.ts';
import { rebasePaths } from './rebase-paths.ts';
import { didYouMean } from './suggest.ts';

/** The document whose services extend others. */
interface Extending {
  readonly file: string;
  /** Relative paths in it start here. */
  readonly folder: string;
  readonly variables: ReadonlyMap<string, string>;
}

interface Run {
  readonly reading: Reading;
  readonly variables: ReadonlyMap<string, string>;
  /** The files that services are taken from, by path. */
  readonly files: Map<string, Scope | null>;
}

/** Services that may be extended by their names alone. */
interface Scope {
  readonly file: string;
  readonly folder: string;
  readonly names: readonly string[];
  readonly find: (name: string) => Node | undefined;
  /** Those that are through. */
  readonly done: Map<string, Node>;
}

interface Reference {
  readonly service: ScalarNode;
  readonly file: ScalarNode | null;
  readonly path: string;
}

/** Longer chains are no honest ones; the bound keeps the recursion from exhausting the stack. */
const maxChain = 64;

/**
 * Merges each service of a document over the one that it extends, in this document or in another file, and so on. An
 * `extends` of another shape stays, for the check of the shape to refuse it.
 */
export function applyExtends(reading: Reading, extending: Extending, document: Node): Node {
  if (document.kind !== 'map') return document;
  const entry = document.entries.get('services');
  const services = entry?.node;
  if (entry === undefined || services?.kind !== 'map' || !hasExtends(services)) return document;
  const { file, folder, variables } = extending;
  const names = [...services.entries.keys()];
  const find = (name: string): Node | undefined => member(services, name);
  const scope: Scope = { file, folder, names, find, done: new Map() };
  const run: Run = { reading, variables, files: new Map() };
  const entries = new Map<string, MapEntry>();
  for (const [name, { key, node }] of services.entries) {
    entries.set(name, { key, node: resolve(run, scope, name, []) ?? node });
  }
  const extended = { ...entry, node: { ...services, entries } };
  return { ...document, entries: new Map(document.entries).set('services', extended) };
}

function hasExtends(services: MapNode): boolean {
  return [...services.entries.values()].some(({ node }) => member(node, 'extends') !== undefined);
}

/** A service with all that it extends; undefined when there is none of this name. */
function resolve(run: Run, scope: Scope, name: string, trail: readonly string[]): Node | undefined {
  const known = scope.done.get(name);
  if (known !== undefined) return known;
  const service = scope.find(name);
  if (service === undefined) return undefined;
  const whole = complete(run, scope, name, service, trail);
  scope.done.set(name, whole);
  return whole;
}

function complete(
  run: Run,
  scope: Scope,
  name: string,
  service: Node,
  trail: readonly string[],
): Node {
  const reference = readReference(service, name);
  if (service.kind !== 'map' || reference === null) return service;
  const own = without(service, 'extends');
  const base = readBase(run, scope, name, reference, trail);
  return base?.kind === 'map' ? extend(run, name, base, own, reference) : own;
}

function readReference(service: Node, name: string): Reference | null {
  const written = member(service, 'extends');
  const path = memberPath(memberPath('services', name), 'extends');
  if (isText(written)) return { service: written, file: null, path };
  const base = member(written, 'service');
  const file = member(written, 'file') ?? null;
  const keys = written?.kind === 'map' ? [...written.entries.keys()] : [];
  if (!isText(base) || (file !== null && !isText(file))) return null;
  return keys.every((key) => key === 'service' || key === 'file')
    ? { service: base, file, path }
    : null;
}

function readBase(
  run: Run,
  scope: Scope,
  name: string,
  reference: Reference,
  trail: readonly string[],
): Node | null {
  const here = `${name} (${scope.file})`;
  if (trail.includes(here)) {
    const cycle = [...trail.slice(trail.indexOf(here)), here].join(' → ');
    refuse(run, reference, 'extends-cycle', `services extend each other: ${cycle}`);
    return null;
  }
  if (trail.length >= maxChain) {
    refuse(run, reference, 'too-deep', `more than ${maxChain} services extend each other in a row`);
    return null;
  }
  const target = reference.file === null ? scope : fileScope(run, scope, reference, reference.file);
  if (target === null) return null;
  const wanted = String(reference.service.value);
  const base = resolve(run, target, wanted, [...trail, here]);
  if (base === undefined) {
    const reason = `"${target.file}" has no service "${wanted}"${didYouMean(wanted, target.names)}`;
    refuse(run, reference, 'undefined-service', reason);
  }
  return base ?? null;
}

/** The services of another file, each read when it is asked for; null when the file cannot be read (yet). */
function fileScope(run: Run, from: Scope, reference: Reference, written: ScalarNode): Scope | null {
  const place = { path: `${reference.path}.file`, what: 'extended file' };
  const file = readReferenced(run.reading, from.folder, written, place);
  if (file === null || file.documents.length === 0) {
    if (file !== null && !run.reading.broken && run.reading.files.needed.size === 0) {
      refuse(run, reference, 'empty-manifest', `"${file.path}" is empty`);
    }
    return null;
  }
  const known = run.files.get(file.path);
  if (known !== undefined) return known;
  const parent = dirname(file.path);
  const folder = parent === '.' ? '' : parent;
  const names = file.documents.flatMap((document) => {
    const services = member(document, 'services');
    return services?.kind === 'map' ? [...services.entries.keys()] : [];
  });
  const find = (name: string): Node | undefined => {
    const parts = file.documents.flatMap((document) => onlyService(document, name) ?? []);
    return readService(run, folder, name, parts);
  };
  const scope: Scope = { file: file.path, folder, names, find, done: new Map() };
  run.files.set(file.path, scope);
  return scope;
}

/** The document with nothing but this service: what others lack is none of the extending one's business. */
function onlyService(document: Node, name: string): MapNode | null {
  const services = document.kind === 'map' ? document.entries.get('services') : undefined;
  const entry = services?.node.kind === 'map' ? services.node.entries.get(name) : undefined;
  return services === undefined || entry === undefined ? null : wrap(services, name, entry);
}

function wrap(services: MapEntry, name: string, entry: MapEntry): MapNode {
  const { origin } = services.node;
  const only: Node = { kind: 'map', entries: new Map([[name, entry]]), origin };
  const key = services.key;
  return { kind: 'map', entries: new Map([['services', { key, node: only }]]), origin };
}

function readService(
  { reading, variables }: Run,
  folder: string,
  name: string,
  documents: readonly MapNode[],
): Node | undefined {
  const [first, ...others] = documents.map((document) => {
    const { node, diagnostics } = interpolate(document, variables, composeCasts);
    reading.diagnostics.push(...diagnostics);
    return rebasePaths(node, folder, reading.home);
  });
  if (first === undefined) return undefined;
  const merged = others.reduce((base, override) => {
    const { node, diagnostics } = mergeNodes(base, override);
    reading.diagnostics.push(...diagnostics);
    return node;
  }, first);
  return member(member(merged, 'services'), name);
}

/** The tags of the service hold for what it is merged over next, too; it stands where it is written. */
function extend(
  { reading }: Run,
  name: string,
  base: MapNode,
  own: MapNode,
  reference: Reference,
): Node {
  const spent = spend(reading.budget, base);
  if (spent === 'exceeded') {
    const message = 'the application is too large with what its services extend';
    refuse({ reading }, reference, 'too-many-values', message);
  }
  if (spent !== 'within') return own;
  const { node, diagnostics } = extendNode(documentOf(name, base), documentOf(name, own));
  reading.diagnostics.push(...diagnostics);
  const merged = member(member(node, 'services'), name) ?? own;
  return { ...merged, origin: own.origin, ...(own.tag === undefined ? {} : { tag: own.tag }) };
}

function documentOf(name: string, { tag: _tag, ...service }: MapNode): MapNode {
  const { origin } = service;
  return mapNode(origin, [['services', mapNode(origin, [[name, service]])]]);
}

function without(service: MapNode, key: string): MapNode {
  const entries = new Map(service.entries);
  entries.delete(key);
  return { ...service, entries };
}

function refuse(
  { reading }: Pick<Run, 'reading'>,
  { service, path }: Reference,
  code: string,
  reason: string,
): void {
  const message = `Cannot extend service "${String(service.value)}": ${reason}`;
  fail(reading, diagnosticAt(service.origin, path, code, message));
}
