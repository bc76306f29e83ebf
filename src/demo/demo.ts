import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ExitCode } from '../cli/exit-code.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { Output } from '../cli/output.ts';
import { CommandLine } from './command-line.ts';
import { namedGround, ownGround, pointFleetAt } from './ground.ts';
import { DemoRepository } from './repository.ts';
import { removeFleet } from './remove-fleet.ts';
import { tellStory } from './story.ts';

export interface DemoOptions {
  /** Use the Docker Engine that DOCKER_HOST names instead of three own ones. */
  readonly engine: boolean;
}

const template = fileURLToPath(new URL('../../example-repo', import.meta.url));

/** `fleetwright demo`: the three daily acts on real engines. It ends by itself and leaves nothing behind. */
export async function demo(
  options: DemoOptions,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const dir = await mkdtemp(join(tmpdir(), 'fleetwright-demo-'));
  const fleet = `demo-${process.pid}`;
  const log = (line: string): void => output.note(output.noteStyle.dim(`   ${line}`));
  try {
    await using ground = options.engine
      ? await namedGround(dir, log)
      : await ownGround(dir, log, signal);
    const repository = await DemoRepository.create(join(dir, 'config'), template);
    await pointFleetAt(join(repository.dir, 'fleet.yaml'), fleet, ground);
    const commands = new CommandLine(repository.dir, join(dir, 'state'), ground.credentials);
    try {
      const daemonLog = join(dir, 'daemon.log');
      await tellStory({ ground, repository, commands, daemonLog, output, signal });
    } finally {
      if (options.engine) await removeFleet(ground, fleet);
    }
    return exitCode.done;
  } catch (error) {
    if (!signal.aborted) throw error;
    output.error('Interrupted: everything of this demo is removed');
    return exitCode.negative;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
