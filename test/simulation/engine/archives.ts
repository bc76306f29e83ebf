import { basename } from 'node:path/posix';

import type { ApiResponse } from './api.ts';
import { ok, refusal } from './api.ts';
import type { Container } from './container.ts';
import { containerEvent } from './events.ts';
import type { EngineState } from './engine-state.ts';
import { changed, mutated } from './engine-state.ts';

/** Copies a tar archive into the file system of a container: into its volumes where these are mounted. */
export function putArchive(
  state: EngineState,
  container: Container,
  asked: string,
  path: string,
  archive: Buffer | null,
): ApiResponse {
  if (container.hostConfig.ReadonlyRootfs === true) {
    return refusal(500, 'container rootfs is marked read-only');
  }
  if (path !== '/') return refusal(404, `Could not find the file ${path} in container ${asked}`);
  if (state.diskFull) {
    return refusal(500, tarRefusal(state, 'write /etc/file: no space left on device'));
  }
  const entries = archive === null ? null : readTar(archive);
  if (entries === null) return refusal(500, tarRefusal(state, 'unexpected EOF'));
  for (const [name, content] of entries) placeOf(state, container, name).write(content);
  changed(state);
  containerEvent(state, container, 'extract-to-dir', { path });
  mutated(state, `copy into ${container.name}`);
  return { status: 200, body: null };
}

/** An old engine unpacks in a process of its own. */
function tarRefusal(state: EngineState, why: string): string {
  return state.apiVersion === '1.41' ? `Error processing tar file(exit status 1): ${why}` : why;
}

/** Writes at the end of a file of a container. */
export function appendFile(
  state: EngineState,
  container: Container,
  path: string,
  text: string,
): void {
  const { files, at, write } = placeOf(state, container, path);
  write(Buffer.concat([files.get(at) ?? Buffer.alloc(0), Buffer.from(text)]));
  changed(state);
}

/** The file or folder at a path of a container, as a tar archive. */
export function getArchive(
  state: EngineState,
  container: Container,
  asked: string,
  path: string,
): ApiResponse {
  const { files, at } = placeOf(state, container, path);
  const found = [...files].filter(([name]) => name === at || name.startsWith(`${at}/`));
  if (found.length === 0) {
    return refusal(404, `Could not find the file ${path} in container ${asked}`);
  }
  const entries = found.map(([name, content]) =>
    tarEntry(`${basename(path)}${name.slice(at.length)}`, content),
  );
  return ok(Buffer.concat([...entries, Buffer.alloc(1024)]));
}

/** The volumes' folders stand in these, and what was put into one can be mounted. */
export function volumeFolder(name: string): string {
  return `/var/lib/docker/volumes/${name}/_data`;
}

interface Place {
  readonly files: Map<string, Buffer>;
  /** The path there. */
  readonly at: string;
  readonly write: (content: Buffer) => void;
}

/** Where a path of a container really is: in a volume, in a folder of one, or in the container's own layer. */
function placeOf(state: EngineState, container: Container, path: string): Place {
  const [mount] = container.mounts
    .filter(({ Destination = '' }) => path === Destination || path.startsWith(`${Destination}/`))
    .toSorted((a, b) => (b.Destination ?? '').length - (a.Destination ?? '').length);
  const below = path.slice((mount?.Destination ?? '').length);
  const source = `${mount?.Source ?? ''}${below}`;
  const volume = [...state.volumes.values()].find(({ name }) =>
    `${source}/`.startsWith(`${volumeFolder(name)}/`),
  );
  if (mount === undefined || volume === undefined) {
    const { files } = container;
    return { files, at: path, write: (content) => void files.set(path, content) };
  }
  const at = source.slice(volumeFolder(volume.name).length);
  const write = (content: Buffer): void => {
    volume.files.set(at, content);
    for (let end = source.length; end > volumeFolder(volume.name).length;) {
      state.hostPaths.add(source.slice(0, end));
      end = source.lastIndexOf('/', end - 1);
    }
  };
  return { files: volume.files, at, write };
}

/** A program reads all that is mounted when it starts. */
export function readAtStart(state: EngineState, container: Container): void {
  container.loaded = new Map(mountedFiles(state, container));
}

/** While it runs it sees new files in folders; of a file that is mounted by itself, it goes on seeing the old one. */
export function readAgain(state: EngineState, container: Container): void {
  const single = new Set(container.mounts.map(({ Destination = '' }) => Destination));
  const seen = mountedFiles(state, container).filter(([path]) => !single.has(path));
  container.loaded = new Map([...container.loaded, ...seen]);
}

function mountedFiles(
  state: EngineState,
  { mounts }: Container,
): readonly (readonly [string, Buffer])[] {
  return mounts.flatMap(({ Source = '', Destination = '' }) =>
    [...state.volumes.values()].flatMap(({ name, files }) =>
      [...files].flatMap(([at, content]) => {
        const path = `${volumeFolder(name)}${at}`;
        const isIn = path === Source || path.startsWith(`${Source}/`);
        return isIn ? [[`${Destination}${path.slice(Source.length)}`, content] as const] : [];
      }),
    ),
  );
}

/** The files in a tar archive with their bytes, by absolute path; null when it is none. */
function readTar(archive: Buffer): ReadonlyMap<string, Buffer> | null {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + 512 <= archive.length;) {
    if (archive[at] === 0) return files;
    if (archive.toString('latin1', at + 257, at + 262) !== 'ustar') return null;
    const name = archive.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8);
    const isFolder = archive.toString('latin1', at + 156, at + 157) === '5';
    if (!isFolder) files.set(`/${name}`, archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files.size === 0 ? null : files;
}

function tarEntry(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding]);
}
