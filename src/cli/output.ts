import pc from 'picocolors';

import { UsageError } from '../model/errors.ts';
import type { Style } from '../report/style.ts';
import { plainStyle } from '../report/style.ts';

/** What data is printed as. Every command takes the first two, some take others. */
export const formats = ['text', 'json', 'markdown', 'html', 'sarif'] as const;

export type Format = (typeof formats)[number];

const otherFormats: Readonly<Record<string, readonly Format[]>> = {
  plan: ['markdown'],
  drift: ['markdown', 'html', 'sarif'],
};

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
  /** Writes data in the format. */
  readonly data: (text: string) => void;
  /** Writes a line to stderr, unless --quiet. */
  readonly note: (text: string) => void;
  /** Writes a line to stderr in any case. */
  readonly error: (text: string) => void;
}

/**
 * @param command its name
 * @throws UsageError when it cannot print what is asked for
 */
export function createOutput(flags: GlobalFlags, command: string): Output {
  const offered = ['text', 'json', ...(otherFormats[command] ?? [])];
  if (!offered.includes(flags.output)) {
    throw new UsageError(
      `Cannot print ${flags.output}: ${command} has none; say --output ${offered.join(', ')}`.replace(
        /, (\w+)$/,
        ' or $1',
      ),
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
