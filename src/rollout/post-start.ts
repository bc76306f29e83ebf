import type { ServiceSpec } from '../model/application.ts';
import { hookFailed } from '../model/hooks.ts';
import type { ObservedContainer } from '../model/observation.ts';
import type { Verdict } from './gate.ts';
import type { World } from './world.ts';

/** Where the post_start hooks of an instance stand. */
export type PostStart =
  /** There are none, or none are to be run. */
  | { readonly kind: 'none' }
  /** They have not run since its start. */
  | { readonly kind: 'due' }
  | { readonly kind: 'done'; readonly at: number }
  | { readonly kind: 'failed'; readonly message: string };

const none: PostStart = { kind: 'none' };

/**
 * On probation they are due until the journal says that they have run, so that a lost journal runs them once more. After that they are
 * due only when it says so: what the engine starts again by itself runs none, as with Compose.
 */
export function postStartOf(
  journal: World['journal'],
  service: ServiceSpec,
  container: ObservedContainer,
): PostStart {
  if (service.hooks?.postStart === undefined || container.state !== 'running') return none;
  const { postStart, adopted } = journal.instances.get(container.id) ?? {};
  if (postStart !== undefined) return postStart;
  const isOnProbation = container.restart.name === 'no' && adopted === undefined;
  return isOnProbation ? { kind: 'due' } : none;
}

/** What the hooks of an instance say before its gate is asked; null: nothing. */
export function judgePostStart(state: PostStart, deadline: number): Verdict | null {
  switch (state.kind) {
    case 'due':
      return { kind: 'waiting', until: deadline, reason: 'its post_start hooks run first' };
    case 'failed':
      return { kind: 'failed', reason: hookFailed, message: state.message };
    case 'none':
    case 'done':
      return null;
  }
}
