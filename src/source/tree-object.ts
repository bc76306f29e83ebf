/** One entry of one tree object. */
export interface TreeItem {
  readonly name: string;
  readonly kind: 'file' | 'symlink' | 'submodule' | 'tree';
  readonly oid: string;
  /** Only of a file; absent: it is not. */
  readonly executable?: true;
}

export interface ParsedTree {
  /** By name. */
  readonly items: ReadonlyMap<string, TreeItem>;
  /** Why other entries were passed over, one sentence each, beginning with the quoted name. */
  readonly skipped: readonly string[];
}

/** `100664` was written by early Git versions and still stands in old histories. */
const kinds: ReadonlyMap<string, TreeItem['kind']> = new Map([
  ['100644', 'file'],
  ['100755', 'file'],
  ['100664', 'file'],
  ['120000', 'symlink'],
  ['160000', 'submodule'],
  ['40000', 'tree'],
  ['040000', 'tree'],
]);

const oidBytes = 20;

/** One entry of a tree object as it is stored, whatever is to be thought of it. */
export interface RawTreeEntry {
  /** As written: `100644`. */
  readonly mode: string;
  readonly name: Uint8Array;
  readonly oid: string;
}

/**
 * The entries of a tree object in their order, unjudged.
 *
 * @throws RangeError when the bytes end in the middle of an entry
 */
export function splitTree(bytes: Uint8Array): readonly RawTreeEntry[] {
  const entries: RawTreeEntry[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const end = space === -1 ? -1 : bytes.indexOf(0, space);
    const next = end + 1 + oidBytes;
    if (end === -1 || next > bytes.length) throw new RangeError('the tree object is cut');
    entries.push({
      mode: latin1(bytes.subarray(at, space)),
      name: bytes.subarray(space + 1, end),
      oid: hex(bytes.subarray(end + 1, next)),
    });
    at = next;
  }
  return entries;
}

/**
 * Reads the bytes of a tree object. Each entry is judged by itself: isomorphic-git refuses a whole tree, and with it the
 * repository, for one name with a backslash or one old mode.
 *
 * @throws RangeError when the bytes end in the middle of an entry
 */
export function parseTree(bytes: Uint8Array): ParsedTree {
  const items = new Map<string, TreeItem>();
  const skipped: string[] = [];
  for (const { mode, name, oid } of splitTree(bytes)) {
    const kind = kinds.get(mode);
    const refusal =
      kind === undefined ? 'has a mode that Git does not know' : refuseName(name, items);
    if (kind === undefined || refusal !== undefined) {
      skipped.push(`${JSON.stringify(latin1(name))} ${refusal}`);
    } else {
      const text = utf8.decode(name);
      const item = { name: text, kind, oid };
      items.set(text, mode === '100755' ? { ...item, executable: true } : item);
    }
  }
  return { items, skipped };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Why a name is passed over, or undefined. Names that are only odd, as with a backslash, are harmless: nothing is checked out. */
function refuseName(bytes: Uint8Array, taken: ReadonlyMap<string, unknown>): string | undefined {
  let name: string;
  try {
    name = utf8.decode(bytes);
  } catch {
    return 'is not valid UTF-8';
  }
  if (name === '' || name === '.' || name === '..' || name.toLowerCase() === '.git') {
    return 'is not a name that a tree may hold';
  }
  if (name.includes('/')) return 'holds a slash';
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'holds a control character';
  return taken.has(name) ? 'stands twice in its folder' : undefined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
