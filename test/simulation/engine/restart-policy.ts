import type { Container } from './container.ts';

const firstDelayMs = 100;
const longestDelayMs = 60_000;
/** A program that ran so long starts over with the first delay. */
const goodRunMs = 10_000;

/**
 * Whether the daemon starts a container again after an exit, and after how many milliseconds; null: it does not. The
 * delay grows even when it does not, as the engine's own does.
 */
export function restartDelay(container: Container, exitCode: number, ranMs: number): number | null {
  const { restarts } = container;
  const { Name: name, MaximumRetryCount: most } = container.hostConfig.RestartPolicy;
  if (name === '' || name === 'no' || restarts.isCancelled) return null;
  if (ranMs >= goodRunMs) restarts.delayMs = 0;
  restarts.delayMs =
    restarts.delayMs === 0 ? firstDelayMs : Math.min(longestDelayMs, restarts.delayMs * 2);
  if (!wantsRestart(name, most, container, exitCode)) return null;
  restarts.count += 1;
  return restarts.delayMs;
}

/** Whether a daemon that starts also starts a container: one that never ran stays as it is, whatever its policy. */
export function startsAtBoot(container: Container): boolean {
  const { Name: name, MaximumRetryCount: most } = container.hostConfig.RestartPolicy;
  if (name === '' || name === 'no' || container.startedAt === null) return false;
  return wantsRestart(name, most, container, container.exitCode);
}

function wantsRestart(
  name: 'always' | 'unless-stopped' | 'on-failure',
  most: number,
  container: Container,
  exitCode: number,
): boolean {
  switch (name) {
    case 'always':
      return true;
    case 'unless-stopped':
      return !container.manuallyStopped;
    case 'on-failure':
      return exitCode !== 0 && (most === 0 || container.restarts.count < most);
  }
}
