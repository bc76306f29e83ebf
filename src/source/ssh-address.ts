import { UsageError } from '../model/errors.ts';

/** Where a repository is that is reached over SSH. */
export interface SshAddress {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** As the server is to take it: from its root with a slash, from the home of the user without. */
  readonly path: string;
  /** `ssh://user@host/path`, with the port when it is not 22: one text for every way to write the same. */
  readonly url: string;
}

/** Servers of Git know their users by their keys, and all call them so. */
const defaultUser = 'git';

/** `user@host:path`, as scp has it. A path with a colon has no user, or a slash before it. */
const scpForm = /^(?<user>[\w.+-]+)@(?<host>[\w.-]+|\[[\w.:%-]+\]):(?<path>.*)$/s;
const urlForm =
  /^ssh:\/\/(?:(?<user>[\w.+-]+)@)?(?<host>[\w.-]+|\[[\w.:%-]+\])(?::(?<port>\d+))?(?<path>\/.*)$/is;

/** Whether a text names a repository over SSH, be it well formed or not. */
export function isSshAddress(text: string): boolean {
  return scpForm.test(text) || /^(git\+ssh|ssh\+git|ssh):\/\//i.test(text);
}

/**
 * Reads `ssh://[user@]host[:port]/path` or `user@host:path`.
 *
 * @throws UsageError that does not repeat a text that may hold a password
 */
export function parseSshAddress(text: string): SshAddress {
  const scp = scpForm.exec(text)?.groups;
  const groups = scp ?? urlForm.exec(text.replace(/^(git\+ssh|ssh\+git):/i, 'ssh:'))?.groups;
  if (groups === undefined) throw malformed(text);
  const { user = defaultUser, host: written = '', port: digits = '22' } = groups;
  const host = written.replace(/^\[|\]$/g, '').toLowerCase();
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw refuse(`port ${digits} is not from 1 to 65535`);
  const path = checkedPath(scp === undefined ? pathOfUrl(groups['path'] ?? '') : groups['path']);
  const place = `${host.includes(':') ? `[${host}]` : host}${port === 22 ? '' : `:${port}`}`;
  const shown = encodeURI(path.startsWith('/') ? path : `/~/${path}`);
  return { user, host, port, path, url: `ssh://${user}@${place}${shown}` };
}

/**
 * A word that every shell of the other side takes for just this text; csh looks for `!` also within quotes.
 */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll(/['!]/g, (character) => `'\\${character}'`)}'`;
}

/** `/~ada/x` is what `~ada/x` is for a shell, and `/~/x` is `x` from the user's home, where it begins. */
function pathOfUrl(written: string): string {
  let path: string;
  try {
    path = decodeURIComponent(written);
  } catch {
    throw refuse('its path has a % that is not followed by two digits');
  }
  return path.replace(/^\/~\//, '').replace(/^\/~/, '~');
}

function checkedPath(path = ''): string {
  const trimmed = path.replace(/(?<=.)\/+$/, '');
  if (trimmed === '' || trimmed === '/') throw refuse('its path is missing');
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(trimmed)) throw refuse('its path holds a control character');
  // The program there would take it for an option.
  if (trimmed.startsWith('-')) throw refuse('its path begins with "-"; write "./-…" instead');
  return trimmed;
}

function malformed(text: string): UsageError {
  return /^[a-z+]+:\/\/[^/]*:[^/]*@/i.test(text)
    ? refuse('its URL holds a password. Leave it out, and name a key or an agent instead')
    : refuse('its URL cannot be read; it looks like ssh://git@git.example.com/team/fleet.git');
}

function refuse(why: string): UsageError {
  return new UsageError(`Cannot follow the repository over ssh: ${why}`);
}
