import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../../src/sandbox/command.ts';
import type { TarEntry } from '../../src/sandbox/docker-archive.ts';
import { packImages, packTar } from '../../src/sandbox/docker-archive.ts';
import { loadImages } from '../../src/sandbox/image-loading.ts';
import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import { testLayer } from '../../src/sandbox/test-app.ts';
import { goArchitecture } from '../../src/sandbox/test-images.ts';
import { installedProgram } from './installed-program.ts';

/** The images that loadProxyImage() brings. */
export const proxyImage = 'proxy:local';
export const caddyImage = 'caddy:local';

const images = {
  haproxy: { tag: proxyImage, command: ['haproxy', '-f', '/etc/haproxy/haproxy.cfg'] },
  caddy: { tag: caddyImage, command: ['caddy', 'run', '--config', '/etc/caddy/caddy.json'] },
};

/** Makes an image of this machine's proxy and the libraries that it needs, with a shell, and gives it to hosts. */
export async function loadProxyImage(
  hosts: readonly HostDescription[],
  name: keyof typeof images = 'haproxy',
): Promise<void> {
  const program = await installedProgram(name);
  const libraries = await run('ldd', [program]);
  const paths = [...libraries.matchAll(/(?<path>\/\S+) \(0x/g)].flatMap(
    (match) => match.groups?.['path'] ?? [],
  );
  const cache = await mkdtemp(join(tmpdir(), 'fleetwright-proxy-'));
  try {
    const entries = [
      ...(await testLayer(cache, (line) => process.stderr.write(`engine: ${line}\n`))),
      await fileEntry(program, `/bin/${name}`),
      ...(await Promise.all(paths.map((path) => fileEntry(path, path)))),
    ];
    const image = {
      ...images[name],
      architecture: goArchitecture(process.arch),
      environment: { PATH: '/bin', HOME: '/tmp' },
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
