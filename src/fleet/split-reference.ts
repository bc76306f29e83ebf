/** Name and tag or digest. Without a tag the engine would pull all tags of the repository. */
export function splitReference(image: string): { readonly name: string; readonly tag: string } {
  const [named = '', digest] = image.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  return { name, tag: digest ?? (colon < 0 ? 'latest' : named.slice(colon + 1)) };
}
