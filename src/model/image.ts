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
  return images.find(imageMatcher(reference));
}

/** Tells the image that a reference names; to be made once where many hosts are asked. */
export function imageMatcher(reference: string): (image: ObservedImage) => boolean {
  const familiar = familiarReference(reference);
  const digest = /^([^@]+?)(?::[^:/@]+)?@(sha256:[0-9a-f]{64})$/.exec(familiar);
  if (digest === null) return (image) => image.tags.includes(familiar);
  const wanted = `${digest[1]}@${digest[2]}`;
  return (image) => image.digests.includes(wanted);
}

const digestPart = /@(sha256:[0-9a-f]{64})$/;

/** The digest that a reference ends with; null when it has none. */
export function digestIn(reference: string): string | null {
  return digestPart.exec(reference)?.[1] ?? null;
}

export function withoutDigest(reference: string): string {
  return reference.replace(digestPart, '');
}

/** The same name and tag with a digest, which from then on is all that counts. */
export function withDigest(reference: string, digest: string): string {
  return `${withoutDigest(reference)}@${digest}`;
}

/** The digests under which an image can be pulled from the repository of a reference, sorted. */
export function digestsOf(image: ObservedImage, reference: string): readonly string[] {
  const familiar = familiarReference(withoutDigest(reference));
  const repository = familiar.slice(0, familiar.lastIndexOf(':'));
  return image.digests
    .filter((each) => withoutDigest(each) === repository)
    .flatMap((each) => digestIn(each) ?? [])
    .toSorted();
}
