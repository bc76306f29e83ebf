import type { ContainerId } from '../model/names.ts';
import type { Deadline } from './deadline.ts';
import { withDeadline, withEither } from './deadline.ts';
import type { DockerHost } from './docker-host.ts';
import { enginePath } from './engine-path.ts';
import { readFrames } from './exec-output.ts';
import type { CommandEnd } from './fleet.ts';
import type { WireExec } from './wire.ts';

/** More is said by no program that is asked something. */
const keptChars = 4 * 1024 * 1024;

/**
 * Runs a command in a container and waits for its end. The deadline is for all of it; the command itself is not ended by
 * it, since the engine has no call for that.
 *
 * @throws EngineError
 */
export function askContainer(
  client: DockerHost,
  container: ContainerId,
  command: readonly string[],
  deadline: Omit<Deadline, 'what'>,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const what = `run a command in container "${container}"`;
  return withDeadline({ what, ...deadline }, signal, (inner) =>
    withEither([inner, signal], async (either) => {
      const call = { what, deadlineMs: deadline.ms, signal: either };
      const { Id: exec } = await client.json<{ readonly Id: string }>({
        ...call,
        method: 'POST',
        path: enginePath`/containers/${container}/exec`,
        body: { AttachStdout: true, AttachStderr: true, Cmd: command },
      });
      const stream = await client.stream({
        ...call,
        method: 'POST',
        path: enginePath`/exec/${exec}/start`,
        body: { Detach: false, Tty: false },
      });
      const output = await readFrames(stream, keptChars);
      const { ExitCode } = await client.json<WireExec>({
        ...call,
        path: enginePath`/exec/${exec}/json`,
      });
      // Its output may end a moment before the engine has seen its end.
      return { exitCode: ExitCode ?? 0, output };
    }),
  );
}
