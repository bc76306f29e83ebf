import { familiarReference } from './image.ts';
import type { ImageRecord, JournalEntry, JournalState } from './journal-state.ts';
import { imageKey } from './journal-state.ts';

export type ImageEntry = Extract<
  JournalEntry,
  { readonly kind: 'image-pulled' | 'image-unused' | 'image-removal' | 'image-gone' }
>;

type Images = JournalState['images'];

/** The images that were pulled for the fleet after an entry; those of others never come in. */
export function reduceImages(images: Images, entry: ImageEntry): Images {
  const key = imageKey(entry.host, entry.id);
  const before = images.get(key);
  if (entry.kind === 'image-gone') {
    return new Map([...images].filter(([each]) => each !== key));
  }
  const after = entry.kind === 'image-pulled' ? pulled(before, entry) : changed(before, entry);
  return after === undefined || after === before ? images : new Map(images).set(key, after);
}

/** What the host had before under another name is somebody else's, unless that one was pulled for the fleet too. */
function pulled(
  before: ImageRecord | undefined,
  entry: Extract<ImageEntry, { readonly kind: 'image-pulled' }>,
): ImageRecord | undefined {
  const { host, id, application, isNew, at } = entry;
  if (before === undefined && !isNew) return undefined;
  const references = [...(before?.references ?? []), familiarReference(entry.reference)];
  return {
    host,
    id,
    application: before?.application ?? application,
    references: [...new Set(references)],
    pulledAt: at,
    unusedSince: null,
    removedAt: before?.removedAt ?? null,
  };
}

function changed(
  before: ImageRecord | undefined,
  entry: Extract<ImageEntry, { readonly kind: 'image-unused' | 'image-removal' }>,
): ImageRecord | undefined {
  if (before === undefined) return undefined;
  return entry.kind === 'image-unused'
    ? { ...before, unusedSince: entry.at }
    : { ...before, removedAt: entry.at };
}
