import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../../src/model/errors.ts';

/** An error with its causes and everything that hangs on them. */
export function wholeOf(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  return `${error.stack} ${JSON.stringify(error)} ${error.cause ? wholeOf(error.cause) : ''}`;
}

/** Names and contents of all files of a folder. */
export async function textBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map(async ({ name, parentPath }) => {
      const bytes = await readFile(join(parentPath, name));
      return `${name}\n${bytes.toString('latin1')}`;
    }),
  );
  return texts.join('\n');
}
