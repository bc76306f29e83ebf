import { createInterface } from 'node:readline/promises';

import { UsageError } from '../model/errors.ts';

/**
 * Asks on the terminal; no is the default.
 *
 * @param what what there is to ask, for where nobody can be asked: `whether to adopt for "shop"`
 * @throws UsageError when there is no terminal
 */
export async function confirm(
  question: string,
  what: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError(`Cannot ask ${what}: say --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
