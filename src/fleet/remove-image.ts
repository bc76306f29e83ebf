import type { Action, StepOutcome } from '../model/step.ts';
import { withoutDigest } from '../model/image.ts';
import { isStatus } from './engine-error.ts';
import { enginePath } from './engine-path.ts';
import type { StepRun } from './step-run.ts';
import { done, skipped } from './step-run.ts';
import type { WireImage, WireListedContainer } from './wire.ts';

/**
 * Removes an image with all its names, unless a container of anybody has it or it got a name that is not ours. It is never
 * forced: forced, the engine would take it from under a stopped container. One that is gone is as good as removed.
 */
export async function removeImage(
  run: StepRun,
  { id, name, references }: Extract<Action, { readonly kind: 'remove-image' }>,
): Promise<StepOutcome> {
  const found = await inspect(run, id, name);
  if (found === null) return done;
  const tags = found.RepoTags ?? [];
  const repositories = new Set(references.map(repositoryOf));
  const other =
    tags.find((tag) => !references.includes(tag)) ??
    found.RepoDigests?.find((digest) => !repositories.has(repositoryOf(digest)));
  if (other !== undefined) return skipped(`image "${name}" is "${other}" too, which is not ours`);
  const containers = await run.read<readonly WireListedContainer[]>({
    what: 'list containers',
    path: '/containers/json',
    query: { all: '1' },
  });
  const user = containers.find(({ ImageID }) => ImageID === id);
  if (user !== undefined) {
    return skipped(`container "${user.Names?.[0]?.slice(1) ?? user.Id}" has image "${name}"`);
  }
  for (const tag of tags) await remove(run, tag);
  // With its last tag it goes by itself, as a rule; without one it has its digest only.
  if ((await inspect(run, id, name)) !== null) await remove(run, id);
  return done;
}

/** `name` of `name:tag` and `name@digest`. */
function repositoryOf(reference: string): string {
  return withoutDigest(reference).replace(/:[^:/]+$/, '');
}

function inspect(run: StepRun, id: string, name: string): Promise<WireImage | null> {
  return run.find<WireImage>({
    what: `inspect image "${name}"`,
    path: enginePath`/images/${id}/json`,
  });
}

async function remove(run: StepRun, reference: string): Promise<void> {
  const what = `remove image "${reference}"`;
  try {
    await run.mutate({ what, method: 'DELETE', path: enginePath`/images/${reference}` });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}
