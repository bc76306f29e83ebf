import { setTimeout as sleep } from 'node:timers/promises';

import { StalledError, TransientError } from '../model/errors.ts';
import type { CommitSha } from '../model/names.ts';
import { toCommitSha } from '../model/names.ts';
import { renamed } from '../model/revision.ts';
import type { TreeEntry } from '../model/tree.ts';
import type { Change, Committed } from './change.ts';
import { formatCommit } from './commit-object.ts';
import { editTree } from './edit-tree.ts';
import type { GitObject } from './git-object.ts';
import { gitObject } from './git-object.ts';
import type { ObjectStore } from './object-store.ts';
import type { RepositoryReader } from './repository-reader.ts';
import { signCommit, type SigningOptions } from './sign-commit.ts';
import type { SourceTree } from './source-tree.ts';
import { descend } from './walk-tree.ts';

/** A commit that is not in the repository yet. */
export interface NewCommit {
  readonly oid: string;
  /** The head that it is made for. */
  readonly parent: string;
  /** The branch begins with it: there is none of this name yet. */
  readonly isFirst: boolean;
  /** The commit, its new trees, and the blobs that it restores: the server may have dropped those since. */
  readonly objects: readonly GitObject[];
  readonly edits: Change['edits'];
  /** `Name <address>`. */
  readonly author: string;
  /** First line of the message. */
  readonly subject: string;
}

/** The part of making a commit that differs between kinds of repositories. */
export interface Publisher {
  /** The repository, as messages name it. */
  readonly where: string;
  /** The head of the branch as it is now, with its objects readable; undefined when there is no such branch. */
  readonly head: (signal: AbortSignal) => Promise<string | undefined>;
  /**
   * Makes it the head if the branch still is at its parent, or still is not there; false when the branch has moved or is being
   * moved.
   */
  readonly publish: (commit: NewCommit, signal: AbortSignal) => Promise<boolean>;
  /** Commits are signed with it. */
  readonly signing: SigningOptions | undefined;
}

const maxAttempts = 6;
const retryMs = 100;

/**
 * Puts a change on top of the branch. When the branch moves meanwhile it is made anew on the new head, unless that has
 * changed the same files; nothing is ever forced.
 *
 * @throws StalledError `ChangeConflict`; TransientError `BranchBusy`; what the change's own check and the publisher throw
 */
export async function commitChange(
  publisher: Publisher,
  store: ObjectStore,
  reader: RepositoryReader,
  change: Change,
  signal: AbortSignal,
): Promise<Committed> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    signal.throwIfAborted();
    const tip = await publisher.head(signal);
    const head = tip === undefined ? change.base : toCommitSha(tip);
    await refuseConflict(publisher.where, store, change, head);
    const built = await buildCommit(store, change, { head, isFirst: tip === undefined }, publisher);
    if (built === null) return { kind: 'unchanged', head: await reader.revision(head) };
    await change.check(withEdits(await reader.tree(head, signal), change.edits));
    if (await publisher.publish(built.commit, signal)) {
      const made = reader.describe(built.commit.oid, built.bytes);
      const { branch } = change;
      const revision = branch === undefined ? made : renamed(made, { branch });
      return { kind: 'committed', revision, parent: head };
    }
    await sleep(retryMs * attempt, undefined, { signal });
  }
  throw new TransientError(
    'BranchBusy',
    `Cannot commit to ${publisher.where}: the branch was moved by others ${maxAttempts} times in a row. Try again`,
  );
}

/** The files of a tree once the edits are made. */
export function withEdits(tree: SourceTree, edits: Change['edits']): SourceTree {
  const entries = new Map<string, TreeEntry>(tree.entries);
  for (const [path, oid] of edits) {
    if (oid === null) entries.delete(path);
    else entries.set(path, { ...tree.entries.get(path), path, kind: 'file', oid });
  }
  return { ...tree, entries };
}

/** A newer commit that has changed one of the files wins, unless it has made them what they are to be. */
async function refuseConflict(
  where: string,
  store: ObjectStore,
  { base, edits }: Change,
  head: CommitSha,
): Promise<void> {
  if (head === base) return;
  const changed: string[] = [];
  for (const [path, wanted] of edits) {
    const now = await oidAt(store, head, path);
    if (now !== wanted && now !== (await oidAt(store, base, path))) changed.push(path);
  }
  if (changed.length === 0) return;
  throw new StalledError(
    'ChangeConflict',
    `Cannot commit to ${where}: since ${base.slice(0, 12)}, ${changed.join(', ')} changed; the branch is at ${head.slice(0, 12)} now`,
  );
}

async function oidAt(store: ObjectStore, commit: string, path: string): Promise<string | null> {
  const { tree } = await store.commit(commit);
  return (await descend(store, tree, path))?.oid ?? null;
}

/** Null when the commit would change nothing. */
async function buildCommit(
  store: ObjectStore,
  { edits, blobs: newBlobs, author, message }: Change,
  { head, isFirst }: { readonly head: CommitSha; readonly isFirst: boolean },
  { signing }: Pick<Publisher, 'signing'>,
): Promise<{ readonly commit: NewCommit; readonly bytes: Uint8Array } | null> {
  const before = (await store.commit(head)).tree;
  const { oid: tree, trees } = await editTree(store, before, edits);
  if (tree === before) return null;
  const unsigned = formatCommit({ tree, parent: head, author, date: Date.now(), message });
  const bytes = signing === undefined ? unsigned : await signCommit(unsigned, signing);
  const own = gitObject('commit', bytes);
  const blobs: GitObject[] = [];
  for (const oid of new Set(edits.values())) {
    if (oid === null) continue;
    blobs.push({ type: 'blob', oid, bytes: newBlobs?.get(oid) ?? (await store.blob(oid)) });
  }
  const [subject = ''] = message.split('\n', 1);
  const objects = [...blobs, ...trees, own];
  const commit = { oid: own.oid, parent: head, isFirst, objects, edits, author, subject };
  return { commit, bytes };
}
