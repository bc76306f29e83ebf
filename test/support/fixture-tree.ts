import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { vectorsPresent } from './compose-vectors.ts';

const folder = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url));

/** All files of one set of fixtures, by path from the root of the set; none when the fixtures are absent. */
export function readFixtureTree(set: string): Readonly<Record<string, Uint8Array>> {
  if (!vectorsPresent) return {};
  const root = join(folder, set);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(root, path), readFileSync(path)];
    }),
  );
}
