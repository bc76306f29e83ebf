import { groupBy } from '../model/group-by.ts';
import type { ImageGc } from '../model/fleet.ts';
import type { ImageRecord, JournalEntry } from '../model/journal-state.ts';
import type { HostName } from '../model/names.ts';
import type { ObservedImage, ReachableHost } from '../model/observation.ts';
import type { Cause, Step } from '../model/step.ts';
import { imageNeeds } from './needed-images.ts';
import type { World } from './world.ts';

/** What becomes of the images that were pulled for the fleet. */
export interface ImageGcDecision {
  readonly steps: readonly Step[];
  readonly entries: readonly JournalEntry[];
  /** When to look again at the latest; null: when something changes. */
  readonly reviewAt: number | null;
}

const hourMs = 3_600_000;

/**
 * Removes images that were pulled for the fleet and that nothing has needed for long: neither a container of anybody on
 * their host, nor a version of anything on the fleet. One that somebody gave another name is theirs too, and stays. On each
 * host one goes at a time, the one that was not needed for the longest time first.
 */
export function decideImageGc(world: World): ImageGcDecision {
  const { images } = world.journal;
  if (images.size === 0) return { steps: [], entries: [], reviewAt: null };
  const { gc } = world.desired.fleet.image;
  const isNeeded = gc === undefined ? () => true : imageNeeds(world, gc.keep);
  const pulled = groupBy(images.values(), ({ host }) => host);
  const hosts = [...world.observations.values()].flatMap((seen) => {
    const records = pulled.get(seen.host) ?? [];
    return seen.kind === 'reachable' ? [decideHost(world, seen, records, { gc, isNeeded })] : [];
  });
  const times = hosts.flatMap(({ reviewAt }) => reviewAt ?? []);
  return {
    steps: hosts.flatMap(({ steps }) => steps),
    entries: hosts.flatMap(({ entries }) => entries),
    reviewAt: times.length === 0 ? null : Math.min(...times),
  };
}

/** An image that is on its host, with what is known of it. */
interface Pulled {
  readonly record: ImageRecord;
  readonly image: ObservedImage;
}

function decideHost(
  world: World,
  host: ReachableHost,
  records: readonly ImageRecord[],
  {
    gc,
    isNeeded,
  }: {
    readonly gc: ImageGc | undefined;
    readonly isNeeded: (image: ObservedImage) => boolean;
  },
): ImageGcDecision {
  const entries: JournalEntry[] = [];
  const unused: Pulled[] = [];
  for (const record of records) {
    const image = host.images.find(({ id }) => id === record.id);
    if (image === undefined) {
      if (isForgotten(record, host, world.now)) entries.push(about('image-gone', record));
      continue;
    }
    const isFree = !isNeeded(image) && !isUsed(image, host) && hasOurNamesOnly(image, record);
    if (isFree !== (record.unusedSince !== null)) {
      const at = isFree ? world.now : null;
      entries.push({ ...about('image-unused', record), at });
    }
    if (isFree)
      unused.push({ record: { ...record, unusedSince: record.unusedSince ?? world.now }, image });
  }
  if (gc === undefined) return { steps: [], entries, reviewAt: null };
  const { due, reviewAt } = whichIsDue(world, host.host, gc, { unused, records });
  if (due === null) return { steps: [], entries, reviewAt };
  const removal: JournalEntry = { ...about('image-removal', due.record), at: world.now };
  return { steps: [removalOf(world, gc, due)], entries: [...entries, removal], reviewAt };
}

/** The one that goes now; null: none does before `reviewAt`. */
function whichIsDue(
  world: World,
  host: HostName,
  { unusedForMs, atMost }: ImageGc,
  {
    unused,
    records,
  }: { readonly unused: readonly Pulled[]; readonly records: readonly ImageRecord[] },
): { readonly due: Pulled | null; readonly reviewAt: number | null } {
  const { now } = world;
  const begun = records.flatMap(({ removedAt }) =>
    removedAt !== null && now < removedAt + hourMs ? [removedAt] : [],
  );
  // What was begun and is still there was refused, and is not tried again at once.
  const dueAt = ({ record }: Pulled): number =>
    Math.max((record.unusedSince ?? now) + unusedForMs, (record.removedAt ?? -hourMs) + hourMs);
  const [first] = unused.toSorted(
    (a, b) => dueAt(a) - dueAt(b) || (a.record.id < b.record.id ? -1 : 1),
  );
  if (first === undefined) return { due: null, reviewAt: null };
  if (now < dueAt(first)) return { due: null, reviewAt: dueAt(first) };
  if (begun.length >= atMost) return { due: null, reviewAt: Math.min(...begun) + hourMs };
  const isBusy = [...world.inFlight.keys()].some((key) => key.startsWith(keyOf(host, '')));
  return isBusy ? { due: null, reviewAt: null } : { due: first, reviewAt: null };
}

function removalOf(world: World, { origin }: ImageGc, { record, image }: Pulled): Step {
  const { host, id, references, application } = record;
  const days = Math.floor((world.now - (record.unusedSince ?? world.now)) / (24 * hourMs));
  const since = days === 0 ? '' : days === 1 ? ' for a day' : ` for ${days} days`;
  const cause: Cause = {
    commit: world.desired.revision.commit,
    origin,
    path: 'image.gc',
    reason: `nothing has needed it${since}`,
    changes: [],
  };
  const name = image.tags[0] ?? image.digests[0] ?? id;
  const action = { kind: 'remove-image', id, name, references } as const;
  return { key: keyOf(host, id), host, application, service: '', slot: '', action, cause };
}

function keyOf(host: HostName, id: string): string {
  return `${host}/unused-image/${id}`;
}

function isUsed({ id }: ObservedImage, { containers, unmanaged }: ReachableHost): boolean {
  return [...containers, ...unmanaged].some(({ imageId }) => imageId === id);
}

/** The digests go with the tags of their repository. */
function hasOurNamesOnly({ tags }: ObservedImage, { references }: ImageRecord): boolean {
  return tags.every((tag) => references.includes(tag));
}

/** It is gone, and what was removed counts no more. A picture from before the pull does not show it yet. */
function isForgotten(
  { pulledAt, removedAt }: ImageRecord,
  { observedAt }: ReachableHost,
  now: number,
): boolean {
  return observedAt >= pulledAt && (removedAt === null || now >= removedAt + hourMs);
}

function about<Kind extends 'image-gone' | 'image-unused' | 'image-removal'>(
  kind: Kind,
  { host, id }: ImageRecord,
): { readonly kind: Kind; readonly host: HostName; readonly id: string } {
  return { kind, host, id };
}
