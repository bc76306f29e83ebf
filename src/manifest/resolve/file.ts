import type { FileSpec } from '../../model/container.ts';
import { seal } from '../../model/sealed.ts';
import { child, complain, items, readText, readWith, type Cursor } from '../cursor.ts';
import { unreadable } from '../read-documents.ts';
import { parseFileMode } from '../scalars/file-mode.ts';
import { cleanPath } from '../scalars/volume.ts';
import type { Subject } from '../subject.ts';

const defaultMode = 0o444;

/** Where a service names files that are declared at the top level. */
const kinds = {
  configs: { noun: 'config', folder: '/' },
  secrets: { noun: 'secret', folder: '/run/secrets/' },
} as const;

type Kind = keyof typeof kinds;

/** The files that a service gets from `configs` or `secrets`. The content of a secret is sealed. */
export function resolveFiles(subject: Subject, service: Cursor, kind: Kind): readonly FileSpec[] {
  return items(child(service, kind)).flatMap(
    (reference) => resolveFile(subject, reference, kind) ?? [],
  );
}

function resolveFile(subject: Subject, reference: Cursor, kind: Kind): FileSpec | null {
  const source = readText(child(reference, 'source'));
  const target = fileTarget(reference, kind);
  if (source === null || target === null) return null;
  const bytes = contentOf(subject, child(subject.root, kind, source), kinds[kind].noun);
  const uid = readId(child(reference, 'uid'));
  const gid = readId(child(reference, 'gid'));
  const mode = readWith(child(reference, 'mode'), parseFileMode) ?? defaultMode;
  if (bytes === null) return null;
  return kind === 'secrets'
    ? { target, content: seal(subject.key, bytes), mode, uid, gid, sealed: true }
    : { target, content: Buffer.from(bytes).toString('base64'), mode, uid, gid };
}

/** Where the file goes: its own name by default, and relative to the root or to the folder of secrets. */
export function fileTarget(reference: Cursor, kind: Kind): string | null {
  const target = readText(child(reference, 'target')) ?? readText(child(reference, 'source'));
  if (target === null) return null;
  return cleanPath(target.startsWith('/') ? target : `${kinds[kind].folder}${target}`);
}

/** The bytes, or null when there are none (yet): reported here or by a rule. */
function contentOf(subject: Subject, declared: Cursor, noun: string): Uint8Array | null {
  const content = readText(child(declared, 'content'));
  if (content !== null) return Buffer.from(content, 'utf8');
  const file = child(declared, 'file');
  const written = readText(file);
  if (written === null) return null;
  const state = subject.files.readFrom(subject.source.folder, written);
  if (state.kind === 'read') return state.bytes;
  if (state.kind !== 'needed') declared.report(unreadable(state, file.origin, file.path, noun));
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
