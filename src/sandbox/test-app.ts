import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { messageOf } from '../model/errors.ts';
import { findCommand, run } from './command.ts';
import type { TarEntry } from './docker-archive.ts';
import type { Log } from './packages.ts';
import { canInstallPackages, installPackages } from './packages.ts';

/** Commands under which busybox is found in the test images. */
const applets = (
  'ash cat chmod cp date echo env false grep head hostname id ip kill ls mkdir mv nc nslookup ping ps rm sh sleep stat ' +
  'tail test top touch true vi wget which'
).split(' ');

/** The files of the layer that all test images share: the test application and, where it can be had, a shell. */
export async function testLayer(
  cache: string,
  log: Log,
  signal?: AbortSignal,
): Promise<readonly TarEntry[]> {
  mkdirSync(cache, { recursive: true });
  const testapp = await compileTestApp(cache, log, signal);
  const busybox = await findBusybox(cache, log, signal);
  return [
    { kind: 'folder', path: 'bin', mode: 0o755 },
    { kind: 'file', path: 'bin/testapp', mode: 0o755, content: readFileSync(testapp) },
    ...(busybox === null ? [] : shellEntries(readFileSync(busybox))),
    { kind: 'folder', path: 'etc', mode: 0o755 },
    textFile('etc/passwd', 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n'),
    textFile('etc/group', 'root:x:0:\napp:x:1000:\n'),
    { kind: 'folder', path: 'tmp', mode: 0o1777 },
  ];
}

function shellEntries(busybox: Buffer): readonly TarEntry[] {
  return [
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: busybox },
    ...applets.map((name) => ({ kind: 'link' as const, path: `bin/${name}`, target: 'busybox' })),
  ];
}

function textFile(path: string, text: string): TarEntry {
  return { kind: 'file', path, mode: 0o644, content: Buffer.from(text) };
}

/** Compiles the test application and gives the path of the binary. */
async function compileTestApp(cache: string, log: Log, signal?: AbortSignal): Promise<string> {
  const source = join(packageRoot(), 'src/sandbox/testapp/testapp.c');
  const binary = join(cache, 'testapp');
  const compile = async (): Promise<void> => {
    // A compiler that is ended leaves what it has begun: here it goes with the folder.
    const env = { TMPDIR: cache };
    await run('cc', ['-O2', '-static', '-pthread', '-s', '-o', binary, source], { signal, env });
  };
  try {
    await compile();
  } catch (error) {
    signal?.throwIfAborted();
    if (!canInstallPackages()) {
      throw new Error(
        `Cannot build the test images: they need a C compiler and a static C library (on Debian: apt-get install gcc libc6-dev); ${messageOf(error)}`,
        { cause: error },
      );
    }
    await installPackages(['gcc', 'libc6-dev'], log, signal);
    await compile();
  }
  return binary;
}

/** Path of a busybox that runs without any library; null when there is none to be had. */
async function findBusybox(cache: string, log: Log, signal?: AbortSignal): Promise<string | null> {
  const installed = findCommand('busybox');
  if (installed !== null && (await isStatic(installed))) return installed;
  if (!canInstallPackages()) return null;
  try {
    // A busybox that is there and not static must stay: the system's own boot tools need it. So the package is unpacked beside it.
    if (installed !== null) return await unpackBusybox(cache, signal);
    await installPackages(['busybox-static'], log, signal);
    return findCommand('busybox');
  } catch (error) {
    signal?.throwIfAborted();
    log(`the test images get no shell: ${messageOf(error)}`);
    return null;
  }
}

async function unpackBusybox(cache: string, signal?: AbortSignal): Promise<string | null> {
  await run('apt-get', ['download', 'busybox-static'], { cwd: cache, signal });
  const archive = readdirSync(cache).find((name) => name.endsWith('.deb'));
  if (archive === undefined) return null;
  await run('dpkg-deb', ['-x', join(cache, archive), join(cache, 'busybox')], { signal });
  return (
    ['bin/busybox', 'usr/bin/busybox']
      .map((path) => join(cache, 'busybox', path))
      .find((path) => existsSync(path)) ?? null
  );
}

async function isStatic(binary: string): Promise<boolean> {
  try {
    await run('ldd', [binary]);
    return false;
  } catch (error) {
    return messageOf(error).includes('not a dynamic executable');
  }
}

/** The folder of this package. C sources are not compiled along, so they are in `src` also when this file runs from `dist`. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
