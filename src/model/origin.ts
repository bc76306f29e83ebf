/** Where a value stands in the repository. Lines and columns count from 1, columns in UTF-16 code units. */
export interface Origin {
  /** Path from the root of the repository, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Origins of the values below one object, by dotted path: `image`, `environment.LOG_LEVEL`, `ports.0`. A repository has
 * some hundred for each service and few are ever asked for, so they are kept as one string, which costs little memory
 * and little time to send to another thread.
 */
export interface Origins {
  readonly files: readonly string[];
  /** `⏎path⇥file⇥line⇥column` for each, the file by its index. */
  readonly places: string;
}

export const noOrigins: Origins = { files: [], places: '' };

/** Packs origins by path. */
export function packOrigins(origins: ReadonlyMap<string, Origin>): Origins {
  const files: string[] = [];
  const places: string[] = [];
  for (const [path, { file, line, column }] of origins) {
    let index = files.indexOf(file);
    if (index === -1) index = files.push(file) - 1;
    places.push(`\n${escapePath(path)}\t${index}\t${line}\t${column}`);
  }
  // Joined, not added to one another: what is put together bit by bit is kept in its bits.
  return { files, places: places.join('') };
}

/** The origin of the value at `path` itself. */
export function originAt({ files, places }: Origins, path: string): Origin | undefined {
  const start = `\n${escapePath(path)}\t`;
  const at = places.indexOf(start);
  if (at === -1) return undefined;
  const end = places.indexOf('\n', at + 1);
  const place = places.slice(at + start.length, end === -1 ? undefined : end);
  const [file = 0, line = 0, column = 0] = place.split('\t').map(Number);
  return { file: files[file] ?? '', line, column };
}

/**
 * The origin of the value at `path`, or of the nearest thing around it that has one: a default has no line of its own,
 * so it is explained by the object it was left out of. The empty path is the object itself.
 */
export function originOf(origins: Origins, path: string): Origin | undefined {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const origin = originAt(origins, at);
    if (origin !== undefined || at === '') return origin;
  }
}

/** A key of a map may hold any character. */
function escapePath(path: string): string {
  return /[\\\n\t"]/u.test(path) ? JSON.stringify(path) : path;
}
