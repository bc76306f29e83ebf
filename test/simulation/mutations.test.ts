import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { mutationList } from './mutations.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

it.each(mutationList)('"$name" has its one place in the sources', ({ file, text, becomes }) => {
  const source = readFileSync(join(root, file), 'utf8');

  expect(source.split(text)).toHaveLength(2);
  expect(becomes).not.toBe(text);
});
