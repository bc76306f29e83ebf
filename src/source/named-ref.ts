import type { RevisionName } from '../model/revision.ts';
import type { RefLookup, Tip } from './find-tip.ts';
import { isRefName } from './location.ts';

/** Where a short name is looked for, in this order. */
const folders = ['refs/heads/', 'refs/tags/', 'refs/'] as const;

/**
 * The ref of any kind that a person names: a branch, a tag, or one like `pull/12/head`, with `refs/` before it or without.
 * Undefined when there is none.
 */
export async function findNamedRef(
  name: string,
  find: RefLookup['find'],
): Promise<Tip | undefined> {
  // Else who may push could put another commit in the place of one that is asked for by its id.
  if (!isRefName(name) || /^[0-9a-f]{40}$/i.test(name)) return undefined;
  const candidates = name.startsWith('refs/') ? [name] : folders.map((folder) => folder + name);
  for (const ref of candidates) {
    const oid = await find(ref);
    if (oid !== undefined) return { ...shortName(ref), ref, oid };
  }
  return undefined;
}

function shortName(ref: string): RevisionName {
  const [, folder, name = ''] = /^refs\/(?:(heads|tags)\/)?(.*)$/.exec(ref) ?? [];
  return folder === 'tags' ? { branch: name, kind: 'tag' } : { branch: name };
}
