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

/**
 * Ends what the tests have started, as a daemon, which is told by the folder that it was given for its temporary files. What is
 * mounted in it is left alone: a fleet of a test's own is taken down by itself.
 */
const cleaning = `sleep 1
for environ in $(grep -lszFx "TMPDIR=$0" /proc/[0-9]*/environ); do
  process=\${environ#/proc/}
  kill -9 "\${process%/environ}"
done
rm -rf --one-file-system "$0"`;

function removeBehindUs(folder: string): void {
  spawn('/bin/sh', ['-c', cleaning, folder], { detached: true, stdio: 'ignore' }).unref();
}
