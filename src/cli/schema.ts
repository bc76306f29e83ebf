import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { UsageError } from '../model/errors.ts';
import { suggest } from '../manifest/suggest.ts';
import type { ExitCode } from './exit-code.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';

const folder = fileURLToPath(new URL('../../schemas', import.meta.url));
const suffix = '.schema.json';

/** `fleetwright schema [NAME]`: prints a schema, or the names of all. */
export async function schema(name: string | undefined, output: Output): Promise<ExitCode> {
  const files = await readdir(folder);
  const names = files
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .toSorted();
  if (name === undefined) {
    output.data(names.join('\n'));
    return exitCode.done;
  }
  if (!names.includes(name)) {
    const similar = suggest(name, names);
    const hint =
      similar === undefined ? `known are ${names.join(', ')}` : `did you mean "${similar}"?`;
    throw new UsageError(`Cannot print the schema "${name}": there is none; ${hint}`);
  }
  output.data((await readFile(join(folder, `${name}${suffix}`), 'utf8')).trimEnd());
  return exitCode.done;
}
