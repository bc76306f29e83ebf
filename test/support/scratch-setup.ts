import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { scratchFolder, scratchPrefix } from './scratch-folder.ts';

/** Makes the folder that all tests of a run have for their temporary files, and removes it, also when the run is cut off. */
export function setup(): () => Promise<void> {
  removeAbandoned();
  const folder = scratchFolder(process.pid);
  mkdirSync(folder, { recursive: true });
  const leave = (): void => removeBehindUs(folder);
  // On a signal vitest exits within a millisecond, teardown or not, and its workers may still be writing.
  process.on('exit', leave);
  return async () => {
    process.off('exit', leave);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}

/** The folders of runs that were killed. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(scratchPrefix))) {
    const pid = name.slice(scratchPrefix.length);
    if (/^\d+$/.test(pid) && !existsSync(`/proc/${pid}`)) removeBehindUs(join(tmpdir(), name));
  }
}

/** Not into what is mounted there: a fleet of a test's own takes that down by itself. */
function removeBehindUs(folder: string): void {
  const script = 'sleep 1; rm -rf --one-file-system "$0"';
  spawn('/bin/sh', ['-c', script, folder], { detached: true, stdio: 'ignore' }).unref();
}
