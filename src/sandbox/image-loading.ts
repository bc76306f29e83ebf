import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';

import { packImages, packTar } from './docker-archive.ts';
import type { SandboxLayout } from './layout.ts';
import type { Log } from './packages.ts';
import type { HostDescription } from './sandbox-host.ts';
import { connectEngine } from './sandbox-host.ts';
import { testLayer } from './test-app.ts';
import { goArchitecture, testImages, toArchiveImage } from './test-images.ts';

/** Builds the test images with the given tags and packs them into one archive for `loadImages`; null when none is wanted. */
export async function packTestImages(
  layout: SandboxLayout,
  tags: readonly string[],
  log: Log,
  signal?: AbortSignal,
): Promise<Buffer | null> {
  const wanted = testImages.filter((image) => tags.includes(image.tag));
  if (wanted.length === 0) return null;
  const entries = await testLayer(join(layout.engines, 'images'), log, signal);
  const architecture = goArchitecture(process.arch);
  return await packImages(
    wanted.map((image) => toArchiveImage(image, architecture)),
    await packTar(entries),
  );
}

/**
 * Loads an archive of images into the engine of a host.
 *
 * @throws Error with the engine's own words
 */
export async function loadImages(
  host: HostDescription,
  archive: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  const options = { ...(signal && { abortSignal: signal }) };
  const progress = await connectEngine(host).loadImage(Readable.from([archive]), options);
  // The engine says 200 before it knows, and reports an error in the stream.
  const lines = (await text(progress)).split('\n').filter((line) => line !== '');
  const failed = lines.map(readError).find((error) => error !== null);
  if (failed !== undefined) {
    throw new Error(`Cannot load the test images into host "${host.name}": ${failed}`);
  }
}

function readError(line: string): string | null {
  const message = JSON.parse(line) as { readonly error?: string };
  return message.error ?? null;
}
