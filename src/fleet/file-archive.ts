import { buffer } from 'node:stream/consumers';

import { pack } from 'tar-stream';

import type { FileMount, FileSpec } from '../model/container.ts';
import { pathIn } from '../model/delivered.ts';
import type { FileStamps } from '../model/file-stamps.ts';
import type { InstallationKey } from '../model/sealed.ts';
import { unseal } from '../model/sealed.ts';

/** A file or folder as it goes into an archive. */
interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Null: a folder. */
  readonly bytes: Buffer | null;
}

/** Beside the mounts: what the container was told of, see told-files.ts. */
export const toldName = 'told';

/**
 * One tar archive of what is mounted, to be unpacked at `/`: each mount below `folder`, under its number.
 *
 * @param told the stamps of the files that may change while it runs
 * @throws SealedError
 */
export function mountArchive(
  mounts: readonly FileMount[],
  folder: string,
  key: InstallationKey | null,
  told: FileStamps = {},
): Promise<Buffer> {
  const files = mounts.flatMap((mount, index) => entriesOf(mount, `${folder}/${index}`, key));
  return archiveOf(Object.keys(told).length === 0 ? files : [toldEntry(told, folder), ...files]);
}

/**
 * The same of single files. What is told comes first: of what comes after it, half may be lost.
 *
 * @param targets their paths in the container
 * @throws SealedError
 */
export function renewalArchive(
  mounts: readonly FileMount[],
  targets: readonly string[],
  folder: string,
  key: InstallationKey | null,
  told: FileStamps,
): Promise<Buffer> {
  const files = mounts.flatMap((mount, index) =>
    mount.files
      .filter((file) => targets.includes(pathIn(mount, file)))
      .map((file) => entryOf(file, nameIn(mount, file, `${folder}/${index}`), key)),
  );
  return archiveOf([toldEntry(told, folder), ...files]);
}

export function toldArchive(told: FileStamps, folder: string): Promise<Buffer> {
  return archiveOf([toldEntry(told, folder)]);
}

function toldEntry(told: FileStamps, folder: string): Entry {
  const bytes = Buffer.from(JSON.stringify(told));
  return { name: `${folder}/${toldName}`, mode: 0o400, uid: 0, gid: 0, bytes };
}

/** A secret cannot be opened: it was sealed with another key. */
export class SealedError extends Error {}

function entriesOf(mount: FileMount, name: string, key: InstallationKey | null): readonly Entry[] {
  const { kind, files } = mount;
  if (kind === 'file') return files.map((file) => entryOf(file, name, key));
  const folders = new Set(files.flatMap(({ target }) => foldersOf(target)));
  return [
    ...[...folders].map((folder) => folderEntry(folder === '' ? name : `${name}/${folder}`)),
    ...files.map((file) => entryOf(file, nameIn(mount, file, name), key)),
  ];
}

function nameIn({ kind }: FileMount, { target }: FileSpec, name: string): string {
  return kind === 'file' ? name : `${name}/${target}`;
}

/** The folders that a path lies in, from the top. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return ['', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
}

function folderEntry(name: string): Entry {
  return { name, mode: 0o755, uid: 0, gid: 0, bytes: null };
}

function entryOf(file: FileSpec, name: string, key: InstallationKey | null): Entry {
  const { mode, uid, gid } = file;
  return { name, mode, uid, gid, bytes: bytesOf(file, key) };
}

function bytesOf({ target, content, sealed }: FileSpec, key: InstallationKey | null): Buffer {
  if (sealed !== true) return Buffer.from(content, 'base64');
  const bytes = key === null ? null : unseal(key, content);
  if (bytes !== null) return bytes;
  throw new SealedError(
    `secret "${target}" was sealed with another key than that of this state folder: push a commit, or put the key back`,
  );
}

async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { bytes, ...header } of entries) {
    // A fixed time, so that the same files always make the same archive.
    const mtime = new Date(0);
    if (bytes === null) archive.entry({ ...header, type: 'directory', mtime });
    else archive.entry({ ...header, mtime }, bytes);
  }
  archive.finalize();
  return buffer(archive);
}
