import type { ObservedImage } from './observation.ts';

/**
 * A reference as `docker images` lists it: without the default registry and its `library/`, with `:latest` when it names
 * neither tag nor digest.
 */
export function familiarReference(reference: string): string {
  const short = reference.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '');
  const lastPart = short.slice(short.lastIndexOf('/') + 1);
  return lastPart.includes(':') || lastPart.includes('@') ? short : `${short}:latest`;
}

/** The image that a reference names on a host, if it is there. A reference with a digest is found by the digest. */
export function findImage(
  images: readonly ObservedImage[],
  reference: string,
): ObservedImage | undefined {
  const familiar = familiarReference(reference);
  const digest = /^([^@]+?)(?::[^:/@]+)?@(sha256:[0-9a-f]{64})$/.exec(familiar);
  if (digest === null) return images.find((image) => image.tags.includes(familiar));
  const wanted = `${digest[1]}@${digest[2]}`;
  return images.find((image) => image.digests.includes(wanted));
}
