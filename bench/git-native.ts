import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How native Git did. */
export interface NativeRun {
  readonly ms: number;
  readonly output: string;
  /** The largest sum of what it and its children had at once, as far as looking each 5 ms sees it. */
  readonly peakMiB: number;
}

/** Runs native Git, start included: that is what a daemon would pay that spawns it. */
export async function runNative(
  cwd: string,
  args: readonly string[],
  input = '',
): Promise<NativeRun> {
  const began = performance.now();
  const child = spawn('git', args, {
    cwd,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk));
  // Most commands read nothing.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  let peak = 0;
  while (child.exitCode === null && child.pid !== undefined) {
    peak = Math.max(peak, treeBytes(child.pid));
    await Promise.race([sleep(5), ended]);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`git ${args.join(' ')} ended with ${code}`);
  const ms = performance.now() - began;
  return { ms, output: Buffer.concat(chunks).toString('latin1'), peakMiB: peak / 1024 ** 2 };
}

/** Resident bytes of a process and all below it. */
function treeBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const own = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return children.reduce((sum, child) => sum + treeBytes(Number(child)), own);
  } catch {
    return 0;
  }
}
