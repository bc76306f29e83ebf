/**
 * Writes what is made from schemas/: types and stand-alone validators in src/generated/, and reference pages in docs/.
 * With --check it writes nothing and fails when what is there is not what would be written.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { generateCode } from './generate-code.ts';
import { generateDocs } from './generate-docs.ts';
import { root } from './generate-schema.ts';

const codeFolder = 'src/generated';

/** By path from the root of the checkout. */
const files = new Map<string, string>([
  ...[...(await generateCode())].map(([file, text]) => [`${codeFolder}/${file}`, text] as const),
  ...[...generateDocs()].map(([file, text]) => [`docs/${file}`, text] as const),
]);

const stale = [...files].filter(([file, text]) => {
  const path = join(root, file);
  return !existsSync(path) || readFileSync(path, 'utf8') !== text;
});

if (process.argv.includes('--check')) check();
else write();

function check(): void {
  const folder = join(root, codeFolder);
  const present = existsSync(folder) ? readdirSync(folder) : [];
  const extra = present.map((file) => `${codeFolder}/${file}`).filter((file) => !files.has(file));
  const wrong = [...stale.map(([file]) => file), ...extra];
  if (wrong.length === 0) return;
  process.stderr.write(`Generated files are not current (${wrong.join(', ')}): run npm run gen\n`);
  process.exitCode = 1;
}

function write(): void {
  for (const [file, text] of stale) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
