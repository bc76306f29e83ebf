import { prepareDebian13 } from './debian-13.ts';
import type { Log } from './packages.ts';
import { ensureRequirements } from './packages.ts';

/**
 * `installed`: the machine's own, that of the package `docker.io` when it has none. `debian-13`: Docker 26.1, whatever is
 * installed.
 */
export const engineChoices = ['installed', 'debian-13'] as const;

export type EngineChoice = (typeof engineChoices)[number];

/**
 * Sees to it that all is there that hosts with this engine take.
 *
 * @returns folder of the file system of the hosts; null: that of the machine
 * @throws UsageError when a person has to do something
 */
export async function prepareEngine(
  choice: EngineChoice,
  log: Log,
  signal?: AbortSignal,
): Promise<string | null> {
  if (choice === 'debian-13') return await prepareDebian13(log, signal);
  await ensureRequirements(['dockerd'], log, signal);
  return null;
}
