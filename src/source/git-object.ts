import { createHash } from 'node:crypto';

/** An object that is to be added to a repository. */
export interface GitObject {
  readonly type: 'blob' | 'commit' | 'tree';
  readonly oid: string;
  /** Without the header that is hashed before them. */
  readonly bytes: Uint8Array;
}

export function gitObject(type: GitObject['type'], bytes: Uint8Array): GitObject {
  const header = objectHeader(type, bytes);
  return { type, oid: createHash('sha1').update(header).update(bytes).digest('hex'), bytes };
}

/** The tree without entries, which Git knows without having it. */
export const emptyTree = gitObject('tree', Buffer.alloc(0)).oid;

/** What stands before the bytes of an object where it is hashed, and in a file of its own. */
export function objectHeader(type: GitObject['type'], bytes: Uint8Array): Buffer {
  return Buffer.from(`${type} ${bytes.length}\0`);
}
