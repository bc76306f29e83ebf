import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';

import type { ArchiveImage } from '../../../src/sandbox/docker-archive.ts';
import { packImages, packTar } from '../../../src/sandbox/docker-archive.ts';

const image: ArchiveImage = {
  tag: 'app:v1',
  architecture: 'amd64',
  command: ['app'],
  environment: { PATH: '/bin', VERSION: 'v1' },
  exposedPorts: ['8080/tcp'],
  healthcheck: { test: ['CMD', 'app', 'check'], intervalMs: 1000, timeoutMs: 2000, retries: 2 },
};

describe('packTar()', () => {
  it('packs files, folders and links with fixed owners and times', async () => {
    const bytes = await packTar([
      { kind: 'folder', path: 'tmp', mode: 0o1777 },
      { kind: 'file', path: 'a', mode: 0o755, content: Buffer.from('text') },
      { kind: 'link', path: 'b', target: 'a' },
    ]);

    expect((await unpack(bytes)).map(({ header }) => header)).toMatchObject([
      { name: 'tmp', type: 'directory', mode: 0o1777, uid: 0 },
      { name: 'a', type: 'file', mode: 0o755, size: 4, mtime: new Date('2026-01-01T00:00:00Z') },
      { name: 'b', type: 'symlink', linkname: 'a' },
    ]);
  });
});

describe('packImages()', () => {
  it('names every part by its digest, as the engine checks', async () => {
    const layer = await packTar([{ kind: 'folder', path: 'tmp', mode: 0o755 }]);
    const files = await unpack(await packImages([image, { ...image, tag: 'app:v2' }], layer));
    const content = new Map(files.map(({ header, bytes }) => [header.name, bytes]));

    const manifest = JSON.parse(String(content.get('manifest.json'))) as {
      Config: string;
      RepoTags: string[];
      Layers: string[];
    }[];

    expect(manifest.map(({ RepoTags }) => RepoTags)).toEqual([['app:v1'], ['app:v2']]);
    for (const { Config, Layers } of manifest) {
      const config = content.get(Config) ?? Buffer.alloc(0);
      expect(Config).toBe(`${sha256(config)}.json`);
      expect(Layers).toEqual([`${sha256(layer)}.tar`]);
      expect(JSON.parse(String(config))).toMatchObject({
        config: { Cmd: ['app'], Healthcheck: { Interval: 1e9, Timeout: 2e9, Retries: 2 } },
        rootfs: { diff_ids: [`sha256:${sha256(layer)}`] },
      });
    }
  });

  it('gives the same bytes for the same images', async () => {
    const layer = await packTar([]);

    expect(await packImages([image], layer)).toEqual(await packImages([image], layer));
  });

  it('leaves out a health check that is not there', async () => {
    const files = await unpack(
      await packImages([{ ...image, healthcheck: null }], Buffer.alloc(0)),
    );

    expect(files.map(({ bytes }) => String(bytes)).join('')).not.toContain('Healthcheck');
  });
});

interface Unpacked {
  readonly header: { readonly name: string };
  readonly bytes: Buffer;
}

async function unpack(archive: Buffer): Promise<readonly Unpacked[]> {
  const files: Unpacked[] = [];
  for await (const entry of Readable.from([archive]).pipe(extract())) {
    files.push({ header: entry.header, bytes: await buffer(entry) });
  }
  return files;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
