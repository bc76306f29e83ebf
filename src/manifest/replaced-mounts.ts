import { diagnosticAt, type Diagnostic } from '../model/diagnostic.ts';
import { child, cursorAt, items, members, readText, type Cursor } from './cursor.ts';
import type { Node } from './node.ts';
import { formatPlace } from './report.ts';
import { cleanPath, parseVolume } from './scalars/volume.ts';

/**
 * Mounts that one file gives the same target twice. Compose keeps the last without a word, which is right when an
 * override replaces a mount of its base, and hardly meant within one file. So this looks at a document before it is
 * de-duplicated.
 */
export function findReplacedMounts(root: Node): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const services = members(
    child(
      cursorAt(root, () => {}),
      'services',
    ),
  );
  for (const [, service] of services) {
    const seen = new Map<string, Cursor>();
    for (const item of items(child(service, 'volumes'))) {
      const key = `${item.origin.file} ${targetOf(item)}`;
      const first = seen.get(key);
      if (first !== undefined) diagnostics.push(replaced(item, first));
      seen.set(key, item);
    }
  }
  return diagnostics;
}

function targetOf(item: Cursor): string | null {
  const short = readText(item);
  if (short === null) return cleanPath(readText(child(item, 'target')) ?? '');
  const volume = parseVolume(short);
  return volume.ok ? volume.value.target : short;
}

function replaced(item: Cursor, first: Cursor): Diagnostic {
  const place = formatPlace(first.origin);
  const message = `"${targetOf(item)}" is mounted twice, and this replaces the mount at ${place}`;
  return diagnosticAt(item.origin, item.path, 'replaced-mount', message, {
    severity: 'warning',
    hint: 'Remove one of the two, or mount them at different paths',
  });
}
