import type { Daemon } from './command-line.ts';
import { eventually } from './eventually.ts';

/**
 * Waits until the operator has noted that all of a commit is in place and has proven itself, which is a moment after a command
 * beside it can see that: what fails before that is not rolled back, and what changes before that is no drift.
 */
export async function notedSuccess(daemon: Daemon, commit: string): Promise<void> {
  const isNoted = (line: string): boolean =>
    line.includes(`"commit":"${commit}"`) && line.endsWith('"msg":"succeeded"}');
  await eventually(`the operator to note the success of ${commit}`, async () =>
    daemon.log().split('\n').some(isNoted) ? true : null,
  );
}
