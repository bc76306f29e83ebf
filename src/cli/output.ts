import pc from 'picocolors';

import { UsageError } from '../model/errors.ts';
import type { Style } from '../report/style.ts';
import { plainStyle } from '../report/style.ts';

/** What data is printed as. Every command takes the first two. */
export const formats = ['text', 'json', 'markdown'] as const;

export type Format = (typeof formats)[number];

/** Options that every command takes. */
export interface GlobalFlags {
  readonly output: Format;
  readonly color: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Where a command writes: data to stdout, everything else to stderr. */
export interface Output {
  readonly format: Format;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** For stdout. */
  readonly style: Style;
  /** For stderr. */
  readonly noteStyle: Style;
  /** Writes data: text for people, JSON, or Markdown. */
  readonly data: (text: string) => void;
  /** Writes a line to stderr, unless --quiet. */
  readonly note: (text: string) => void;
  /** Writes a line to stderr in any case. */
  readonly error: (text: string) => void;
}

/**
 * @param command its name, where it has no Markdown
 * @throws UsageError when Markdown is asked for there
 */
export function createOutput(flags: GlobalFlags, command: string | null): Output {
  if (command !== null && flags.output === 'markdown') {
    throw new UsageError(
      `Cannot print markdown: ${command} has none, only plan has; say --output text or json`,
    );
  }
  const quiet = flags.quiet === true;
  return {
    format: flags.output,
    quiet,
    verbose: flags.verbose === true,
    style: styleFor(process.stdout, flags),
    noteStyle: styleFor(process.stderr, flags),
    data: (text) => process.stdout.write(`${text}\n`),
    note: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
    error: (text) => process.stderr.write(`${text}\n`),
  };
}

/** Colour only on a terminal, and not where NO_COLOR or --no-color says so. */
function styleFor(stream: NodeJS.WriteStream, flags: GlobalFlags): Style {
  const isWanted = flags.color && (process.env['NO_COLOR'] ?? '') === '';
  if (!isWanted || !stream.isTTY) return plainStyle;
  const { bold, dim, red, yellow, green, cyan } = pc.createColors(true);
  return { bold, dim, red, yellow, green, cyan };
}

export function toJson(document: unknown): string {
  return JSON.stringify(document, null, 2);
}
