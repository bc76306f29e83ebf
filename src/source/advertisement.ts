import { flushPacket, pktLine, splitPktLines } from './pkt-line.ts';

/** The list of its refs that a server begins with, in version 0 of the protocol. */
export interface Advertisement {
  /** Its bytes, as the server sent them. */
  readonly body: Uint8Array;
  /** By full name; `NAME^{}` is what the tag of this name leads to. */
  readonly refs: ReadonlyMap<string, string>;
}

export function readAdvertisement(body: Uint8Array): Advertisement {
  const refs = new Map<string, string>();
  for (const line of splitPktLines(body).lines) {
    const text = line === null ? '' : Buffer.from(line).toString('utf8');
    const [, oid, name] = /^([0-9a-f]{40}) ([^\0\n]+)/.exec(text) ?? [];
    if (oid !== undefined && name !== undefined) refs.set(name, oid);
  }
  return { body, refs };
}

/** The commit that a ref names, if there is one. */
export function advertisedCommit({ refs }: Advertisement, ref: string): string | undefined {
  return refs.get(`${ref}^{}`) ?? refs.get(ref);
}

/**
 * Adds a HEAD to a list of refs without one, as a server sends it whose default branch was deleted or renamed:
 * isomorphic-git cannot fetch anything from such a list. The added line is used for nothing else.
 */
export function withHead({ body, refs }: Advertisement, tip: string | undefined): Uint8Array {
  if (tip === undefined || refs.has('HEAD')) return body;
  const head = body.subarray(0, body.length - flushPacket.length);
  return Buffer.concat([head, pktLine(`${tip} HEAD\n`), flushPacket]);
}

/** Without what tags lead to: whoever wants all that is listed asks for the tags, and a server may refuse the rest. */
export function withoutPeeled(body: Uint8Array): Uint8Array {
  const packets = splitPktLines(body).lines.map((line) => {
    if (line === null) return flushPacket;
    const text = Buffer.from(line).toString('utf8');
    return text.trimEnd().endsWith('^{}') ? new Uint8Array() : pktLine(text);
  });
  return Buffer.concat(packets);
}
