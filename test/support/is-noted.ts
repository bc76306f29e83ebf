import type { Status } from '../../src/generated/status.ts';

/**
 * All is in place, and the operator has noted that: a command beside it sees it a moment earlier, and what fails or changes
 * until then is not measured by it.
 */
export function isNoted({ converged, applications }: Status): boolean {
  return converged && applications.every(({ rollout }) => rollout === null);
}
