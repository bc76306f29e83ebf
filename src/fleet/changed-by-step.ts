import { findImage } from '../model/image.ts';
import type { ReachableHost } from '../model/observation.ts';
import type { Action } from '../model/step.ts';
import type { Dirty } from './dirty.ts';
import { dirtyByAction } from './dirty.ts';

/** What is to be read after a step on a host that looked like `picture` when it began. */
export function changedByStep(action: Action, picture: ReachableHost): Dirty {
  const dirty = dirtyByAction(action);
  return { ...dirty, volumes: dirty.volumes && mayChangeVolumes(action, picture) };
}

/** Most containers have no volumes, and a list of them is a call. What is not known counts as having some. */
function mayChangeVolumes(action: Action, picture: ReachableHost): boolean {
  if (action.kind === 'create-container') {
    const { image, mounts } = action.service.container;
    const inherited = findImage(picture.images, image)?.defaults.volumes;
    return inherited?.length !== 0 || mounts.some(({ type }) => type === 'volume');
  }
  if (action.kind === 'remove-container') {
    const container = picture.containers.find(({ id }) => id === action.guard.id);
    return container?.spec.mounts.some(({ type }) => type === 'volume') !== false;
  }
  return true;
}
