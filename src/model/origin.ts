/** Where a value stands in the repository. Lines and columns count from 1, columns in UTF-16 code units. */
export interface Origin {
  /** Path from the root of the repository, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Origins of the values below one object, by dotted path: `image`, `environment.LOG_LEVEL`, `ports.0`. */
export type Origins = Readonly<Record<string, Origin>>;

/**
 * The origin of the value at `path`, or of the nearest thing around it that has one: a default has no line of its own,
 * so it is explained by the object it was left out of. The empty path is the object itself.
 */
export function originOf(origins: Origins, path: string): Origin | undefined {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const origin = Object.hasOwn(origins, at) ? origins[at] : undefined;
    if (origin !== undefined || at === '') return origin;
  }
}
