import type { Diagnostic } from '../model/diagnostic.ts';
import type { Origin } from '../model/origin.ts';

/** Takes one complaint. */
export type Report = (diagnostic: Diagnostic) => void;

/** Where a complaint about a file as a whole stands. */
export function startOf(file: string): Origin {
  return { file, line: 1, column: 1 };
}

/** `file:line:column`, for messages that name a second place. */
export function formatPlace(origin: Origin): string {
  return `${origin.file}:${origin.line}:${origin.column}`;
}
