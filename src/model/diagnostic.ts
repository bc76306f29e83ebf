import type { Origin } from './origin.ts';

export type Severity = 'error' | 'warning' | 'note';

/** A positioned complaint about a manifest. Only an `error` makes a commit unacceptable. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Dotted path of the value within its file, such as `services.web.ports.0`; empty for the file as a whole. */
  readonly path: string;
  /** Stable machine code in kebab case, such as `unknown-key`. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong and why, one sentence without a final period. */
  readonly message: string;
  /** What to do about it, or empty. */
  readonly hint: string;
}

/** Makes a diagnostic at an origin. */
export function diagnosticAt(
  origin: Origin,
  path: string,
  code: string,
  message: string,
  options: { readonly severity?: Severity; readonly hint?: string } = {},
): Diagnostic {
  const { severity = 'error', hint = '' } = options;
  return { ...origin, path, code, severity, message, hint };
}

/** Orders by file, position, code and message, so that the same input always gives the same list. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
