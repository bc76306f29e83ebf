import type { FileSpec } from '../../model/container.ts';
import { child, complain, items, readText, readWith, type Cursor } from '../cursor.ts';
import { unreadable } from '../read-documents.ts';
import { parseFileMode } from '../scalars/file-mode.ts';
import { cleanPath } from '../scalars/volume.ts';
import type { Subject } from '../subject.ts';

const defaultMode = 0o444;

/** The files that a service gets from `configs`, sorted by target. */
export function resolveFiles(subject: Subject, service: Cursor): readonly FileSpec[] {
  return items(child(service, 'configs'))
    .flatMap((reference) => resolveFile(subject, reference) ?? [])
    .toSorted((a, b) => (a.target < b.target ? -1 : 1));
}

function resolveFile(subject: Subject, reference: Cursor): FileSpec | null {
  const source = readText(child(reference, 'source'));
  const target = fileTarget(reference);
  if (source === null || target === null) return null;
  const content = contentOf(subject, child(subject.root, 'configs', source));
  const uid = readId(child(reference, 'uid'));
  const gid = readId(child(reference, 'gid'));
  const mode = readWith(child(reference, 'mode'), parseFileMode) ?? defaultMode;
  return content === null ? null : { target, content, mode, uid, gid };
}

/** Where the file goes: its own name at the root by default, and relative to the root. */
export function fileTarget(reference: Cursor): string | null {
  const target = readText(child(reference, 'target')) ?? readText(child(reference, 'source'));
  return target === null ? null : cleanPath(target.startsWith('/') ? target : `/${target}`);
}

/** The bytes in base64, or null when there are none (yet): reported here or by a rule. */
function contentOf(subject: Subject, config: Cursor): string | null {
  const content = readText(child(config, 'content'));
  if (content !== null) return Buffer.from(content, 'utf8').toString('base64');
  const file = child(config, 'file');
  const written = readText(file);
  if (written === null) return null;
  const state = subject.files.readFrom(subject.source.folder, written);
  if (state.kind === 'read') return Buffer.from(state.bytes).toString('base64');
  if (state.kind !== 'needed') config.report(unreadable(state, file.origin, file.path, 'config'));
  return null;
}

function readId(cursor: Cursor): number {
  const text = readText(cursor) ?? '0';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  complain(
    cursor,
    'invalid-value',
    `"${text}" is not a numeric id: names of users are known only inside the image`,
  );
  return 0;
}
