import { fileURLToPath } from 'node:url';

import { UsageError } from '../model/errors.ts';
import type { FollowedRef } from '../model/followed-ref.ts';
import type { SshAddress } from './ssh-address.ts';
import { isSshAddress, parseSshAddress } from './ssh-address.ts';
import { isRange } from './tag-version.ts';

/** Where a repository is: a folder of this machine, read in place, or a server that is asked over HTTP or SSH. */
export type RepositoryLocation = { readonly kind: 'local'; readonly path: string } | RemoteLocation;

/** A repository on a server, by its URL in normal form. */
export type RemoteLocation =
  | { readonly kind: 'http'; readonly url: string }
  | ({ readonly kind: 'ssh' } & SshAddress);

/**
 * Reads what a user gave as the repository. Nothing is guessed: isomorphic-git would take a URL without a scheme for a
 * host of its own, and credentials in a URL would end in its config file, so both are refused here.
 *
 * @throws UsageError when it is no path and no URL that can be followed
 */
export function parseLocation(repository: string): RepositoryLocation {
  const text = repository.trim();
  if (text === '') throw new UsageError('Cannot follow a repository: its path or URL is empty');
  if (isSshAddress(text)) return { kind: 'ssh', ...parseSshAddress(text) };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: 'local', path: text };
  if (scheme === 'file') return { kind: 'local', path: pathOf(text) };
  if (scheme === 'http' || scheme === 'https') return { kind: 'http', url: checkedUrl(text) };
  throw refuseScheme(scheme);
}

/**
 * The followed path in normal form: parts joined by `/`, `''` for the root.
 *
 * @throws UsageError when it leads out of the repository
 */
export function normalizeFolder(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw new UsageError(
      `Cannot follow path ${JSON.stringify(path)}: it leads out of the repository. Give a path from its root`,
    );
  }
  return parts.join('/');
}

/**
 * Checks what is to be followed.
 *
 * @throws UsageError
 */
export function checkRef(ref: FollowedRef): void {
  switch (ref.kind) {
    case 'branch':
    case 'tag': {
      if (isRefName(ref.name)) return;
      const folder = ref.kind === 'branch' ? 'refs/heads/' : 'refs/tags/';
      throw new UsageError(
        `Cannot follow ${ref.kind} ${JSON.stringify(ref.name)}: it is not a valid ${ref.kind} name. Give it without ${folder}`,
      );
    }
    case 'semver':
      if (isRange(ref.range)) return;
      throw new UsageError(
        `Cannot follow semver ${JSON.stringify(ref.range)}: it is no range of versions, as ">=1.4.0 <2" or "1.x" are`,
      );
    case 'commit':
      if (/^[0-9a-f]{40}$/.test(ref.id)) return;
      throw new UsageError(
        `Cannot follow commit ${JSON.stringify(ref.id)}: it is no full commit id. Give all 40 digits, in small letters (git rev-parse shows them)`,
      );
  }
}

/** Whether it is well-formed by the rules of `git check-ref-format`, since it becomes a file name. */
export function isRefName(name: string): boolean {
  return (
    name !== '' &&
    name !== '@' &&
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/.test(name) &&
    name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'))
  );
}

/** Whether a branch may be made of this name: one that Git or people take for another ref is none. */
export function isBranchName(name: string): boolean {
  return isRefName(name) && name !== 'HEAD' && !name.startsWith('refs/');
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new UsageError(
      `Cannot follow repository ${JSON.stringify(url)}: a file:// URL must name a folder of this machine, as file:///srv/git/fleet.git does`,
      { cause: error },
    );
  }
}

/** No message here repeats the URL: it may hold a password. */
function checkedUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(
      'Cannot follow the repository: its URL cannot be read; it looks like https://git.example.com/team/fleet.git',
    );
  }
  const shown = `${url.origin}${url.pathname}`;
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      `Cannot follow repository ${shown}: its URL holds a user name or password. Leave them out, and put the token in a file that the operator's configuration names`,
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw new UsageError(
      `Cannot follow repository ${shown}: its URL has a query or a fragment. Leave out what follows "?" or "#"`,
    );
  }
  return shown.replace(/\/+$/, '');
}

function refuseScheme(scheme: string): UsageError {
  return new UsageError(
    `Cannot follow a repository over ${scheme}: only ssh://, http://, https://, file:// and paths of this machine can be followed`,
  );
}
