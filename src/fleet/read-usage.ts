import type { ContainerId } from '../model/names.ts';
import type { DockerHost } from './docker-host.ts';
import { enginePath } from './engine-path.ts';
import type { CpuUsage } from './fleet.ts';
import type { WireStats } from './wire.ts';

/**
 * What a container has used of the CPUs since it was started. The engine takes its readings once a second, and answers with the
 * next one; without `one-shot` it would wait for yet another one to compare it with.
 *
 * @returns null for one that does not run
 * @throws EngineError
 */
export async function readUsage(
  client: DockerHost,
  container: ContainerId,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<CpuUsage | null> {
  const { read = '', cpu_stats: cpu } = await client.json<WireStats>({
    what: `read the usage of container "${container}"`,
    path: enginePath`/containers/${container}/stats`,
    query: { stream: 'false', 'one-shot': 'true' },
    deadlineMs,
    signal,
  });
  const at = Date.parse(read);
  const usedNs = cpu?.cpu_usage?.total_usage ?? 0;
  // The zero time of Go stands for "never".
  return at > 0 && usedNs > 0 ? { at, usedNs } : null;
}
