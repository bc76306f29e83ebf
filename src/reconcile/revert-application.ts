import type { Quarantine } from '../model/journal-state.ts';
import type { Revision } from '../model/revision.ts';
import type { TreeEntry } from '../model/tree.ts';
import { wrap } from '../report/text.ts';

/** What two commits hold, and which of their files are the application's. */
export interface RevertInput {
  readonly application: string;
  readonly head: ReadonlyMap<string, TreeEntry>;
  readonly target: ReadonlyMap<string, TreeEntry>;
  /** Files of every application at the head, by its name. */
  readonly filesAtHead: ReadonlyMap<string, readonly string[]>;
  /** Files of the application at the target. */
  readonly filesAtTarget: readonly string[];
}

/** A file that would have to be restored but belongs to other applications as well. */
export interface SharedFile {
  readonly path: string;
  readonly applications: readonly string[];
}

export interface RevertEdits {
  /** By path, sorted: the blob of the target, or null to remove the file. */
  readonly edits: ReadonlyMap<string, string | null>;
  readonly shared: readonly SharedFile[];
}

/**
 * What makes an application's files what they were at the target: those that it had then come back, those that it has only
 * now go. Nothing else is touched. A file that another application reads as well cannot be restored without changing that
 * one: it is named, not edited; one that the target does not need simply stays.
 */
export function revertEdits(input: RevertInput): RevertEdits {
  const { application, head, target, filesAtHead, filesAtTarget } = input;
  const own = filesAtHead.get(application) ?? [];
  const edits = new Map<string, string | null>();
  const shared: SharedFile[] = [];
  for (const path of [...new Set([...own, ...filesAtTarget])].toSorted()) {
    const wanted = target.get(path)?.oid ?? null;
    if ((head.get(path)?.oid ?? null) === wanted) continue;
    const others = [...filesAtHead]
      .filter(([name, files]) => name !== application && files.includes(path))
      .map(([name]) => name);
    if (others.length === 0) edits.set(path, wanted);
    else if (filesAtTarget.includes(path)) shared.push({ path, applications: others.toSorted() });
  }
  return { edits, shared };
}

export interface RevertStory {
  readonly application: string;
  /** The commit that is taken back. */
  readonly from: Revision;
  /** The commit whose version is restored. */
  readonly to: Revision;
  /** What failed, when that is why. */
  readonly failed: readonly Quarantine[];
  /** In the words of the person who asked; null when they gave none. */
  readonly reason: string | null;
  /** Who asked, as the end of a sentence that begins with "Asked for by". */
  readonly by: string;
}

/** Columns of a commit message, as `git log` indents it on a terminal of 80. */
const messageWidth = 72;
const maxReasonLength = 500;

/** The message of a revert: what, why and who for people, and trailers for programs. */
export function revertMessage(story: RevertStory): string {
  const { application, from, to, failed, reason, by } = story;
  const failures = failed.map(({ service, commit, reason: code, message }) =>
    `${service} failed in ${commit.slice(0, 10)}: ${code}: ${message}`.slice(0, maxReasonLength),
  );
  const paragraphs = [
    ...(reason === null ? [] : [reason]),
    ...failures,
    `Restores the files of ${application} as they were in ${describe(to)}, and takes back ${describe(from)}.`,
    `Asked for by ${by}.`,
  ];
  return [
    `Revert ${application} to ${to.commit.slice(0, 10)}`,
    ...paragraphs.map((text) => wrap(text.trim(), '', '', messageWidth)),
    `Fleetwright-Rollback: ${application}\nFleetwright-Reverts: ${from.commit}`,
  ].join('\n\n');
}

function describe({ commit, subject }: Revision): string {
  return `${commit.slice(0, 10)} "${subject}"`;
}
