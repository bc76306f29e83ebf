import { hostname, userInfo } from 'node:os';

import { UsageError } from '../model/errors.ts';

/**
 * Who a commit is by: what was given, else FLEETWRIGHT_AUTHOR, else the operator itself on this host.
 *
 * @returns `Name <address>`
 * @throws UsageError when what was given is not of this form
 */
export function readAuthor(given: string | undefined, environment: NodeJS.ProcessEnv): string {
  const fromEnvironment = environment['FLEETWRIGHT_AUTHOR'] ?? '';
  const [text, where] =
    given === undefined ? [fromEnvironment, 'FLEETWRIGHT_AUTHOR'] : ([given, '--author'] as const);
  if (given === undefined && text === '') return `fleetwright <fleetwright@${hostname()}>`;
  // oxlint-disable-next-line no-control-regex -- a line break would begin another header of the commit
  if (/^[^<>\u0000-\u001f]*[^<>\u0000-\u0020] <[^<>\u0000-\u0020]+>$/.test(text)) return text;
  throw new UsageError(
    `Cannot use ${where} ${JSON.stringify(text)}: give it as "Ada Lovelace <ada@example.com>"`,
  );
}

/** The user of this process by name, or by number where the number has no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
