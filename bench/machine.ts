import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const windowMs = 500;
const patienceMs = 10_000;
/** In the clock ticks of /proc, which are hundredths of a second on every Linux. */
const tickMs = 10;

/**
 * Waits until the machine has little else to do, but not for long: then the measurement is made all the same.
 *
 * @returns how many cores were busy in the last half second
 */
export async function awaitRest(enoughCores: number, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const before = busyTicks();
    const began = performance.now();
    await sleep(windowMs, null, { signal });
    const cores = ((busyTicks() - before) * tickMs) / (performance.now() - began);
    if (cores <= enoughCores || performance.now() > deadline) return cores;
  }
}

function busyTicks(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return user + nice + system + irq + softirq;
}
