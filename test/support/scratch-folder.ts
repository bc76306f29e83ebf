import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const scratchPrefix = 'fleetwright-run-';

/** The folder for the temporary files of the tests that a process runs. */
export function scratchFolder(pid: number): string {
  return join(tmpdir(), `${scratchPrefix}${pid}`);
}
