import type { Diagnostic } from '../model/diagnostic.ts';
import type { Report } from './report.ts';

/** Collects the diagnostics of one document so that one mistake is reported once, by the first stage that sees it. */
export interface Mask {
  readonly diagnostics: readonly Diagnostic[];
  /** Takes a diagnostic, unless an earlier stage has refused the value that it is about. */
  readonly report: Report;
}

/**
 * Starts with the problems of interpolating and merging and with those of the shape. A value that could not be
 * interpolated is found again by where it stands, for the later stages move it; a value of the wrong shape by its path,
 * for everything below it is wrong too.
 */
export function createMask(earlier: readonly Diagnostic[], shape: readonly Diagnostic[]): Mask {
  const places = new Set(earlier.filter(isError).map(placeOf));
  const diagnostics = [...earlier, ...shape.filter((each) => !places.has(placeOf(each)))];
  const paths = new Set(shape.filter(isError).map((each) => each.path));

  function report(diagnostic: Diagnostic): void {
    const hidden = places.has(placeOf(diagnostic)) || isAtOrBelow(diagnostic.path, paths);
    if (!hidden) diagnostics.push(diagnostic);
  }

  return { diagnostics, report };
}

function placeOf({ file, line, column }: Diagnostic): string {
  return `${file}:${line}:${column}`;
}

function isAtOrBelow(path: string, paths: ReadonlySet<string>): boolean {
  if (paths.size === 0) return false;
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    if (paths.has(at)) return true;
  }
  return false;
}

function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error';
}
