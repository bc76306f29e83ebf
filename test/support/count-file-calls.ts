import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const changing = ['link', 'mkdir', 'open', 'rename', 'rm', 'unlink', 'writeFile'] as const;

/**
 * Counts what this process asks of the file system by promises, as far as it may change something, and kills the process while
 * one of them is under way.
 */
export function countFileCalls(killAt: number): { readonly calls: number } {
  const count = { calls: 0 };
  for (const name of changing) {
    const original = fs.promises[name] as (...args: readonly unknown[]) => Promise<unknown>;
    const counted = (...args: readonly unknown[]): Promise<unknown> => {
      count.calls += 1;
      const done = original(...args);
      if (count.calls === killAt) process.kill(process.pid, 'SIGKILL');
      return done;
    };
    Object.assign(fs.promises, { [name]: counted });
  }
  syncBuiltinESMExports();
  return count;
}
