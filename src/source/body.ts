/** All bytes of a body, as isomorphic-git gives and takes them. */
export async function wholeBody(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A body of these parts. */
export async function* bodyOf(...parts: readonly Uint8Array[]): AsyncIterableIterator<Uint8Array> {
  yield* parts;
}
