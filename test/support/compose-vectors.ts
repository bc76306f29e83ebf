import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url));

/** The vectors are data from other projects and no part of this one; suites that need them are skipped without them. */
export const vectorsPresent = existsSync(folder);

/** One file of vectors, or what stands for it when they are absent. */
export function readVectors<T>(path: string, absent: T): T {
  return vectorsPresent ? (JSON.parse(readFileSync(`${folder}${path}`, 'utf8')) as T) : absent;
}
