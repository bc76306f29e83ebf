import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';

import { pack } from 'tar-stream';

/** One image in an archive as `docker save` writes it and `docker load` reads it. */
export interface ArchiveImage {
  readonly tag: string;
  readonly architecture: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `8080/tcp` */
  readonly exposedPorts: readonly string[];
  readonly healthcheck: {
    readonly test: readonly string[];
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly retries: number;
  } | null;
}

/** An entry of a tar archive; `content` decides what kind of entry it is. */
export type TarEntry =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly content: Buffer;
    }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** All times are this one: the same files give the same bytes, and so the same image id on every host and every day. */
const epoch = new Date('2026-01-01T00:00:00Z');

/** Packs a tar archive that depends on its entries alone. */
export async function packTar(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const entry of entries) {
    const common = { name: entry.path, mtime: epoch, uid: 0, gid: 0 };
    switch (entry.kind) {
      case 'file':
        archive.entry({ ...common, mode: entry.mode }, entry.content);
        break;
      case 'folder':
        archive.entry({ ...common, mode: entry.mode, type: 'directory' });
        break;
      case 'link':
        archive.entry({ ...common, mode: 0o777, type: 'symlink', linkname: entry.target });
        break;
    }
  }
  archive.finalize();
  return await buffer(archive);
}

/** Packs images that share one layer into one archive. */
export async function packImages(images: readonly ArchiveImage[], layer: Buffer): Promise<Buffer> {
  const layerPath = `${sha256(layer)}.tar`;
  const configs = images.map((image) => Buffer.from(JSON.stringify(imageConfig(image, layer))));
  const manifest = images.map((image, index) => ({
    Config: configName(configs[index]),
    RepoTags: [image.tag],
    Layers: [layerPath],
  }));
  return await packTar([
    { kind: 'file', path: layerPath, mode: 0o644, content: layer },
    ...configs.map((content) => ({
      kind: 'file' as const,
      path: configName(content),
      mode: 0o644,
      content,
    })),
    {
      kind: 'file',
      path: 'manifest.json',
      mode: 0o644,
      content: Buffer.from(JSON.stringify(manifest)),
    },
  ]);
}

/** The image's configuration; the digest of its JSON is the image's id. */
function imageConfig(image: ArchiveImage, layer: Buffer): object {
  const { healthcheck } = image;
  return {
    architecture: image.architecture,
    os: 'linux',
    created: epoch.toISOString(),
    config: {
      Cmd: image.command,
      Env: Object.entries(image.environment).map(([name, value]) => `${name}=${value}`),
      ExposedPorts: Object.fromEntries(image.exposedPorts.map((port) => [port, {}])),
      WorkingDir: '/',
      ...(healthcheck && {
        Healthcheck: {
          Test: healthcheck.test,
          Interval: healthcheck.intervalMs * 1e6,
          Timeout: healthcheck.timeoutMs * 1e6,
          Retries: healthcheck.retries,
        },
      }),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created: epoch.toISOString(), created_by: 'fleetwright sandbox' }],
  };
}

function configName(config: Buffer | undefined): string {
  return `${sha256(config ?? Buffer.alloc(0))}.json`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
