import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findCommand, run } from '../../src/sandbox/command.ts';
import type { TarEntry } from '../../src/sandbox/docker-archive.ts';
import { packImages, packTar } from '../../src/sandbox/docker-archive.ts';
import { loadImages } from '../../src/sandbox/image-loading.ts';
import { installPackages } from '../../src/sandbox/packages.ts';
import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { testLayer } from '../../src/sandbox/test-app.ts';
import { goArchitecture } from '../../src/sandbox/test-images.ts';

/** The image that loadProxyImage() brings: Debian's HAProxy, with a shell. */
export const proxyImage = 'proxy:local';

/** Makes an image of this machine's HAProxy and the libraries that it needs, and gives it to hosts. */
export async function loadProxyImage(hosts: readonly HostDescription[]): Promise<void> {
  if (findCommand('haproxy') === null) await installPackages(['haproxy'], say);
  const program = findCommand('haproxy') ?? '';
  const libraries = await run('ldd', [program]);
  const paths = [...libraries.matchAll(/(?<path>\/\S+) \(0x/g)].flatMap(
    (match) => match.groups?.['path'] ?? [],
  );
  const cache = await mkdtemp(join(tmpdir(), 'fleetwright-proxy-'));
  try {
    const entries = [
      ...(await testLayer(cache, say)),
      await fileEntry(program, '/bin/haproxy'),
      ...(await Promise.all(paths.map((path) => fileEntry(path, path)))),
    ];
    const image = {
      tag: proxyImage,
      architecture: goArchitecture(process.arch),
      command: ['haproxy', '-f', '/etc/haproxy/haproxy.cfg'],
      environment: { PATH: '/bin' },
      exposedPorts: [],
      healthcheck: null,
    };
    const archive = await packImages([image], await packTar(entries));
    await Promise.all(hosts.map((host) => loadImages(host, archive)));
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

async function fileEntry(from: string, to: string): Promise<TarEntry> {
  return { kind: 'file', path: to.slice(1), mode: 0o755, content: await readFile(from) };
}

function say(line: string): void {
  process.stderr.write(`engine: ${line}\n`);
}
