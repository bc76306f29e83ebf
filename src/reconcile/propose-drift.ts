import type { ServiceSpec } from '../model/application.ts';
import type { DriftItem } from '../model/drift.ts';
import { StalledError } from '../model/errors.ts';
import { groupBy } from '../model/group-by.ts';
import { noOrigins, originAt } from '../model/origin.ts';
import type { DriftProposal, ProposedChange, Unproposed } from '../model/proposal.ts';
import type { Revision } from '../model/revision.ts';
import { serviceOn } from '../model/variants.ts';
import { asksFor } from '../drift/value-asked-for.ts';
import { changedValues } from '../import/changed-values.ts';
import { editValue } from '../import/edit-value.ts';
import { writtenValue } from '../import/written-value.ts';
import type { LoadedManifests } from '../manifest/manifest.ts';
import { maxFileBytes } from '../manifest/manifest.ts';
import { formatPosition } from '../report/text.ts';
import { withEdits } from '../source/commit-change.ts';
import { gitObject } from '../source/git-object.ts';
import type { SourceTree } from '../source/source-tree.ts';
import type { Source } from '../source/source.ts';
import { loadTree, type Reading } from './load-revision.ts';

export interface ProposalParts extends Reading {
  readonly source: Source;
}

/** The files as they would be, and what they ask for. */
interface Draft {
  readonly edits: ReadonlyMap<string, string>;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly loaded: LoadedManifests;
}

type Tried =
  | { readonly kind: 'changed'; readonly change: ProposedChange; readonly draft: Draft }
  | { readonly kind: 'unproposed'; readonly reason: string };

/**
 * Writes what was changed by hand into the manifests, each value at the line that asks for another one. A line is changed
 * only if nothing else follows from it than that value: the manifests are read again after each.
 *
 * @throws StalledError `InvalidBase` when they are not valid at the base; what the source throws
 */
export async function proposeDrift(
  parts: ProposalParts,
  items: readonly DriftItem[],
  base: Revision,
  signal: AbortSignal,
): Promise<DriftProposal> {
  const tree = await parts.source.tree(base.commit, signal);
  const begin = { edits: new Map(), blobs: new Map() };
  let draft: Draft = { ...begin, loaded: await loadDraft(parts, tree, begin, signal) };
  const [error] = errorsOf(draft.loaded);
  if (error !== undefined) {
    throw new StalledError(
      'InvalidBase',
      `Cannot propose anything on ${base.commit.slice(0, 12)}: its manifests are not valid: ${formatPosition(error)}: ${error.message}`,
    );
  }
  const changes: ProposedChange[] = [];
  const unproposed: Unproposed[] = [];
  const { loaded } = draft;
  for (const group of groupBy(items, (item) => valueOf(loaded, item)).values()) {
    const tried = await tryGroup(parts, tree, draft, group, signal);
    if (tried.kind === 'unproposed') {
      unproposed.push(...group.map((item) => ({ item, reason: tried.reason })));
      continue;
    }
    changes.push(tried.change);
    draft = tried.draft;
  }
  return { base, changes, unproposed, edits: draft.edits, blobs: draft.blobs };
}

/**
 * Looks at the manifests as they will be, for the branch may have moved since.
 *
 * @throws StalledError `InvalidProposal`
 */
export async function checkProposal(
  parts: ProposalParts,
  proposal: DriftProposal,
  tree: SourceTree,
  signal: AbortSignal,
): Promise<void> {
  const [error] = errorsOf(await loadDraft(parts, tree, proposal, signal));
  if (error === undefined) return;
  throw new StalledError(
    'InvalidProposal',
    `Cannot propose this on ${tree.commit.slice(0, 12)}: the manifests would not be valid then: ${formatPosition(error)}: ${error.message}`,
  );
}

/** What asks for one value: on hosts where an override says it, that is another one. */
function valueOf(loaded: LoadedManifests, item: DriftItem): string {
  const { application, service, path } = item;
  const origin = originAt(serviceOf(loaded, item)?.origins ?? noOrigins, path);
  return JSON.stringify([application, service, path, origin]);
}

async function tryGroup(
  parts: ProposalParts,
  tree: SourceTree,
  draft: Draft,
  items: readonly DriftItem[],
  signal: AbortSignal,
): Promise<Tried> {
  const [item] = items;
  if (item === undefined) throw new Error('A group is never empty');
  if (!fields.has(item.class)) return unproposed('it is no value of the manifest');
  const observed = new Set(items.map((each) => JSON.stringify(each.observed)));
  const written = writtenValue(item.path, item.observed);
  const service = serviceOf(draft.loaded, item);
  const origin = service === undefined ? undefined : originAt(service.origins, item.path);
  if (observed.size > 1) return unproposed('its instances do not agree on a value');
  if (written === null) return unproposed('what is there is not one value');
  // A terminal that shows the proposal, or the commit, would do as they say.
  if (/\p{Cc}/u.test(written)) return unproposed('what is there holds control characters');
  if (service === undefined) return unproposed('the branch has no such service');
  if (origin === undefined) return unproposed('no line of its own says it');
  let reason = '';
  for (const quoted of [false, true]) {
    const before = await readText(parts, tree, draft, origin.file, signal);
    const edited = editValue(before, { origin, path: item.path, value: written, quoted });
    if (edited.kind === 'refused') return unproposed(edited.reason);
    const next = await withFile(parts, tree, draft, [origin.file, edited.text], signal);
    const problem = judge(draft.loaded, next.loaded, item, service);
    if (problem === null) {
      return { kind: 'changed', change: { item, origin, written }, draft: next };
    }
    if (reason === '') reason = problem;
  }
  return unproposed(reason);
}

/** Classes of what a manifest says with a value. */
const fields: ReadonlySet<DriftItem['class']> = new Set([
  'mutable-field',
  'immutable-field',
  'renamed',
]);

/** What speaks against an edit: null for nothing. */
function judge(
  before: LoadedManifests,
  after: LoadedManifests,
  item: DriftItem,
  service: ServiceSpec,
): string | null {
  const [error] = errorsOf(after);
  if (error !== undefined) return `the manifests would not be valid then: ${error.message}`;
  const changed = serviceOf(after, item);
  if (changed === undefined || !asksFor(changed, item.path, item.observed, service)) {
    return 'what stands there does not come to the value that is there';
  }
  const values = [...new Set(changedValues(before, after).map(withoutVariant))];
  if (values.length <= 1) return null;
  return `more than this value follows from its line: ${values.slice(0, 3).join(' and ')}`;
}

/** What a line of a service says holds on all hosts where no override says otherwise: that is one value. */
function withoutVariant(path: string): string {
  return path.replace(/\.variants\.\d+\.service(?=\.)/, '');
}

/** As it is on the host of an item. */
function serviceOf(
  { applications }: LoadedManifests,
  { application, service, host }: DriftItem,
): ServiceSpec | undefined {
  const found = applications
    .find(({ name }) => name === application)
    ?.services.find(({ name }) => name === service);
  return found === undefined ? undefined : serviceOn(found, host);
}

function errorsOf({ diagnostics }: LoadedManifests): LoadedManifests['diagnostics'] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}

async function readText(
  { source }: ProposalParts,
  tree: SourceTree,
  { edits, blobs }: Draft,
  file: string,
  signal: AbortSignal,
): Promise<string> {
  const oid = edits.get(file) ?? tree.entries.get(file)?.oid ?? '';
  const bytes = blobs.get(oid) ?? (await source.read(oid, maxFileBytes, signal));
  return Buffer.from(bytes).toString('utf8');
}

async function withFile(
  parts: ProposalParts,
  tree: SourceTree,
  { edits, blobs }: Draft,
  [file, text]: readonly [string, string],
  signal: AbortSignal,
): Promise<Draft> {
  const { oid, bytes } = gitObject('blob', Buffer.from(text));
  const files = {
    edits: new Map(edits).set(file, oid),
    blobs: new Map(blobs).set(oid, bytes),
  };
  return { ...files, loaded: await loadDraft(parts, tree, files, signal) };
}

function loadDraft(
  parts: ProposalParts,
  tree: SourceTree,
  { edits, blobs }: Pick<Draft, 'edits' | 'blobs'>,
  signal: AbortSignal,
): Promise<LoadedManifests> {
  const read: Source['read'] = async (oid, maxBytes, stop) =>
    blobs.get(oid) ?? parts.source.read(oid, maxBytes, stop);
  return loadTree({ read }, withEdits(tree, edits), parts, signal);
}

function unproposed(reason: string): Tried {
  return { kind: 'unproposed', reason };
}
