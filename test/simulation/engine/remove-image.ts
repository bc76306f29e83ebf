import { familiarReference, withoutDigest } from '../../../src/model/image.ts';
import type { ApiResponse } from './api.ts';
import { ok, refusal } from './api.ts';
import type { Container } from './container.ts';
import type { EngineState, LocalImage } from './engine-state.ts';
import { changed, mutated } from './engine-state.ts';
import { imageEvent } from './events.ts';
import { findLocalImage } from './images.ts';

/** Takes a name from an image, and the image away when that was its last one; by its id, with all its names. */
export function removeImage(state: EngineState, reference: string): ApiResponse {
  const local = findLocalImage(state, reference);
  if (local === null) return refusal(404, `No such image: ${familiarReference(reference)}`);
  const { id } = local.image;
  const user = [...state.containers.values()].find(({ image }) => image.id === id);
  if (reference === id) {
    if (isNamed(local) && !hasOneName(local)) {
      const why = 'image is referenced in multiple repositories';
      return refusal(409, `conflict: unable to delete ${short(id)} (must be forced) - ${why}`);
    }
    if (user !== undefined) return refusal(409, inUse(id, user));
    return ok(removeAll(state, local));
  }
  if (hasOneName(local) && user !== undefined) {
    const why = `container ${user.id.slice(0, 12)} is using its referenced image ${short(id)}`;
    const message = `conflict: unable to remove repository reference "${reference}" (must force) - ${why}`;
    return refusal(409, message);
  }
  const familiar = familiarReference(reference);
  takeName(local, familiar);
  changed(state);
  imageEvent(state, id, 'untag');
  mutated(state, `untag ${familiar}`);
  return ok([{ Untagged: familiar }, ...(isNamed(local) ? [] : removeAll(state, local))]);
}

/** With the last tag of a repository its digests go too. */
function takeName({ tags, digests }: LocalImage, familiar: string): void {
  tags.delete(familiar);
  digests.delete(familiar);
  const repository = repositoryOf(familiar);
  if ([...tags].some((tag) => repositoryOf(tag) === repository)) return;
  for (const digest of digests) if (repositoryOf(digest) === repository) digests.delete(digest);
}

function removeAll(state: EngineState, local: LocalImage): readonly object[] {
  const { id } = local.image;
  state.images.delete(id);
  changed(state);
  imageEvent(state, id, 'delete');
  mutated(state, `remove image ${short(id)}`);
  return [{ Deleted: id }];
}

function inUse(id: string, { id: container, isRunning }: Container): string {
  const [how, kind] = isRunning ? ['cannot be forced', 'running'] : ['must be forced', 'stopped'];
  const why = `image is being used by ${kind} container ${container.slice(0, 12)}`;
  return `conflict: unable to delete ${short(id)} (${how}) - ${why}`;
}

function isNamed({ tags, digests }: LocalImage): boolean {
  return tags.size + digests.size > 0;
}

/** At most one tag, and all names of one repository. */
function hasOneName({ tags, digests }: LocalImage): boolean {
  const repositories = new Set([...tags, ...digests].map(repositoryOf));
  return tags.size <= 1 && repositories.size === 1;
}

function repositoryOf(reference: string): string {
  return withoutDigest(reference).replace(/:[^:/]+$/, '');
}

function short(id: string): string {
  return id.replace('sha256:', '').slice(0, 12);
}
