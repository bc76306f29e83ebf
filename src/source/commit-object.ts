/** What is used of a commit object. */
export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** `Name <address>`, as in `git log`. */
  readonly author: string;
  /** Milliseconds since the epoch. */
  readonly date: number;
  /** The first paragraph's first line. */
  readonly subject: string;
}

/**
 * Reads the bytes of a commit object. Bytes that are not UTF-8 become replacement characters, since they are only shown.
 *
 * @throws RangeError when it names no tree
 */
export function parseCommit(bytes: Uint8Array): Commit {
  const text = new TextDecoder().decode(bytes);
  const end = text.indexOf('\n\n');
  const head = end === -1 ? text : text.slice(0, end);
  const tree = /^tree ([0-9a-f]{40})$/m.exec(head)?.[1];
  if (tree === undefined) throw new RangeError('the commit object names no tree');
  const author = /^author (.*?)(?: (-?\d+) [+-]\d+)?$/m.exec(head);
  return {
    tree,
    parents: [...head.matchAll(/^parent ([0-9a-f]{40})$/gm)].map((match) => match[1] ?? ''),
    author: author?.[1] ?? '',
    date: Number(author?.[2] ?? 0) * 1000,
    subject:
      end === -1
        ? ''
        : (
            text
              .slice(end + 2)
              .trimStart()
              .split('\n', 1)[0] ?? ''
          ).trimEnd(),
  };
}

/** The message in the bytes of a commit object. */
export function commitMessage(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const end = text.indexOf('\n\n');
  return end === -1 ? '' : text.slice(end + 2);
}

/** What a new commit says. */
export interface CommitText {
  readonly tree: string;
  readonly parent: string;
  /** `Name <address>`: author and committer. */
  readonly author: string;
  /** Milliseconds since the epoch; written in seconds, in UTC. */
  readonly date: number;
  readonly message: string;
}

/** The bytes of a commit object that is not signed. */
export function formatCommit({ tree, parent, author, date, message }: CommitText): Buffer {
  const who = `${author} ${Math.floor(date / 1000)} +0000`;
  const head = [`tree ${tree}`, `parent ${parent}`, `author ${who}`, `committer ${who}`];
  return Buffer.from(`${head.join('\n')}\n\n${message.trimEnd()}\n`);
}

/** The same commit with a signature of its bytes, which stands last in the head, each line but the first indented. */
export function withSignature(commit: Buffer, signature: string): Buffer {
  const end = commit.indexOf('\n\n');
  const header = `\ngpgsig ${signature.trimEnd().replaceAll('\n', '\n ')}`;
  return Buffer.concat([commit.subarray(0, end), Buffer.from(header), commit.subarray(end)]);
}
