import type { ContainerId } from '../model/names.ts';
import type { Deadline } from './deadline.ts';
import { withDeadline, withEither } from './deadline.ts';
import type { DockerHost } from './docker-host.ts';
import { EngineError } from './engine-error.ts';
import { enginePath } from './engine-path.ts';
import { readWhole } from './exec-output.ts';
import type { CommandEnd } from './fleet.ts';
import type { WireExec } from './wire.ts';

/** More is said by no program that is asked something: what goes on and on is not listened to. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Runs a command in a container and waits for its end. The deadline is for all of it; the command itself is not ended by
 * it, since the engine has no call for that. So nothing is run where the last one has not ended: a container that hangs
 * would fill up with them.
 *
 * @param unended commands of which the end was not seen, by container: kept from one call to the next
 * @throws EngineError
 */
export function askContainer(
  client: DockerHost,
  container: ContainerId,
  command: readonly string[],
  deadline: Omit<Deadline, 'what'>,
  unended: Map<ContainerId, string>,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const what = `run a command in container "${container}"`;
  return withDeadline({ what, ...deadline }, signal, (inner) =>
    withEither([inner, signal], async (either) => {
      const call = { what, deadlineMs: deadline.ms, signal: either };
      const last = unended.get(container);
      if (last !== undefined) {
        const path = enginePath`/exec/${last}/json`;
        if ((await client.find<WireExec>({ ...call, path }))?.Running === true) {
          throw new EngineError('lost', `Cannot ${what}: the last one has not ended`);
        }
        unended.delete(container);
      }
      const { Id: exec } = await client.json<{ readonly Id: string }>({
        ...call,
        method: 'POST',
        path: enginePath`/containers/${container}/exec`,
        body: { AttachStdout: true, AttachStderr: true, Cmd: command },
      });
      unended.set(container, exec);
      const stream = await client.stream({
        ...call,
        method: 'POST',
        path: enginePath`/exec/${exec}/start`,
        body: { Detach: false, Tty: false },
      });
      const output = await readWhole(stream, mostBytes);
      if (output === null) throw new EngineError('lost', `Cannot ${what}: it says more than 4 MiB`);
      const { ExitCode } = await client.json<WireExec>({
        ...call,
        path: enginePath`/exec/${exec}/json`,
      });
      unended.delete(container);
      // Its output may end a moment before the engine has seen its end.
      return { exitCode: ExitCode ?? 0, output };
    }),
  );
}
