import type { FileMount, FileSpec } from '../../model/container.ts';
import type { TreeEntry } from '../../model/tree.ts';
import { child, complain, items, readBoolean, readText, warn, type Cursor } from '../cursor.ts';
import { unreadable } from '../read-documents.ts';
import type { Subject } from '../subject.ts';
import { mountTarget } from './mount.ts';

/** What the relative binds of one service may bring in all, so that a commit cannot stall the operator. */
const maxFiles = 1_000;
const maxBytes = 8 * 1024 * 1024;
/** How many files are asked for at once: more than can be taken are then never read. */
const readAtOnce = 100;

/** What was taken so far. */
interface Taken {
  files: number;
  bytes: number;
  asked: number;
}

/** The files and folders of the commit that a service binds by a relative path. */
export function resolveBoundFiles(subject: Subject, service: Cursor): readonly FileMount[] {
  const taken: Taken = { files: 0, bytes: 0, asked: 0 };
  return items(child(service, 'volumes'))
    .filter(isRelativeBind)
    .flatMap((mount) => resolveBound(subject, mount, taken) ?? []);
}

/** Whether a mount is a bind of something beside the manifest; what belongs to a host begins with a slash. */
export function isRelativeBind(mount: Cursor): boolean {
  const source = readText(child(mount, 'source')) ?? '';
  return readText(child(mount, 'type')) === 'bind' && /^[^/~]/.test(source);
}

function resolveBound(subject: Subject, mount: Cursor, taken: Taken): FileMount | null {
  const source = child(mount, 'source');
  const written = readText(source) ?? '';
  const target = mountTarget(mount);
  if (target === null) return null;
  const readOnly = readBoolean(child(mount, 'read_only')) ?? false;
  const path = subject.files.folderFrom(subject.source.folder, written);
  const below = path === null ? [] : subject.files.list(path);
  if (path === null || below.length === 0) {
    const file = resolveOne(subject, source, written, taken);
    if (file === null) return null;
    warnOfCopy(mount, written, readOnly);
    return { target, kind: 'file', readOnly, files: [{ ...file, target }] };
  }
  const files = resolveAll(subject, source, path, below, taken);
  warnOfCopy(mount, written, readOnly);
  return files === null ? null : { target, kind: 'folder', readOnly, files };
}

/** The file that a bind names; null when there is none, or not yet. */
function resolveOne(
  subject: Subject,
  source: Cursor,
  written: string,
  taken: Taken,
): FileSpec | null {
  const state = subject.files.peekFrom(subject.source.folder, written);
  if (state.kind === 'absent') {
    complain(
      source,
      'file-not-found',
      `Cannot mount "${written}": there is no file or folder "${state.path}" in the commit${state.suggestion()}`,
      'Commit it; or mount a named volume for data that the container writes, or name a folder of the host by its absolute path',
    );
    return null;
  }
  if (state.kind === 'refused') {
    source.report(unreadable(state, source.origin, source.path, 'mounted file'));
    return null;
  }
  return takeFile(subject, source, state.path, taken);
}

function resolveAll(
  subject: Subject,
  source: Cursor,
  folder: string,
  below: readonly TreeEntry[],
  taken: Taken,
): readonly FileSpec[] | null {
  if (taken.files + below.length > maxFiles) {
    complainOfSize(source, `more than ${maxFiles.toLocaleString('en')} files`);
    return null;
  }
  const start = folder === '' ? 0 : folder.length + 1;
  const files: FileSpec[] = [];
  for (const { path } of below) {
    const file = takeFile(subject, source, path, taken);
    if (file !== null) files.push({ ...file, target: path.slice(start) });
  }
  return files;
}

/** One file with its bytes; null when it must not be read, is too much, or is not here yet. */
function takeFile(subject: Subject, source: Cursor, path: string, taken: Taken): FileSpec | null {
  if (taken.bytes > maxBytes) return null;
  let state = subject.files.peek(path);
  if (state.kind === 'needed' && taken.asked < readAtOnce) {
    taken.asked++;
    state = subject.files.read(path);
  }
  if (state.kind === 'needed') return null;
  if (state.kind !== 'read') {
    source.report(unreadable(state, source.origin, source.path, 'mounted file'));
    return null;
  }
  taken.files++;
  taken.bytes += state.bytes.length;
  if (taken.bytes > maxBytes) complainOfSize(source, `more than ${maxBytes / 1024 ** 2} MiB`);
  const content = Buffer.from(state.bytes).toString('base64');
  const mode = state.executable ? 0o755 : 0o644;
  return { target: path, content, mode, uid: 0, gid: 0 };
}

function complainOfSize(source: Cursor, much: string): void {
  complain(
    source,
    'too-large',
    `Cannot mount "${readText(source) ?? ''}": with it the relative binds of this service hold ${much}`,
    'Bind only the files that it needs, or bring large data to the host in an image or a volume',
  );
}

/** Compose would write into the folder beside the manifest, which does not exist here. */
function warnOfCopy(mount: Cursor, written: string, readOnly: boolean): void {
  if (readOnly) return;
  warn(
    mount,
    'writable-copy',
    `each container gets a copy of "${written}" of its own, and what is written to it is lost with the container`,
    'Mount it read-only (:ro), or mount a named volume for data',
  );
}
