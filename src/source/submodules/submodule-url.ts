import { isAbsolute, resolve } from 'node:path';

import { messageOf, UsageError } from '../../model/errors.ts';
import { parseLocation, type RepositoryLocation } from '../location.ts';

/** A URL that `.gitmodules` may not name, and why. */
export interface RefusedUrl {
  readonly kind: 'refused';
  readonly reason: string;
}

/**
 * Where a submodule is, by the URL that `.gitmodules` says for it: `./x` and `../x` are meant from the repository around it, as
 * Git has it. Nothing that a program would be run for (`ext::`, options) is a location.
 *
 * @param around the repository around it
 */
export function locateSubmodule(
  around: RepositoryLocation,
  written: string,
): RepositoryLocation | RefusedUrl {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (written === '' || written.startsWith('-') || /[\u0000-\u001f\u007f]/.test(written)) {
    return refused('it is no URL');
  }
  const isRelative = /^\.\.?(?:\/|$)/.test(written);
  const base = around.kind === 'local' ? resolve(around.path) : around.url;
  const url = isRelative ? joined(base, written) : written;
  if (url === null) return refused('it leads out of the server');
  try {
    const location = parseLocation(url);
    const isKnown = location.kind !== 'local' || isRelative || isAbsolute(location.path);
    if (!isKnown) return refused('it is no URL');
    return isPlain(location) ? location : refused('its path has ".." in it');
  } catch (error) {
    if (error instanceof UsageError) return refused(messageOf(error));
    throw error;
  }
}

/** Null when there are more `..` than folders. */
function joined(base: string, written: string): string | null {
  const root = /^[a-z]+:\/\/[^/]*/.exec(base)?.[0] ?? '';
  const folders = base.slice(root.length).split('/').slice(1);
  let rest = written;
  for (let up = upOrHere(rest); up !== null; up = upOrHere(rest)) {
    rest = rest.slice(up.length).replace(/^\/+/, '');
    if (up === '..' && folders.pop() === undefined) return null;
  }
  return [root, ...folders, ...(rest === '' ? [] : [rest])].join('/');
}

function upOrHere(written: string): '..' | '.' | null {
  const found = /^\.\.?(?=\/|$)/.exec(written)?.[0];
  return found === '..' || found === '.' ? found : null;
}

/** Else a URL could begin as one that is allowed, and mean another. */
function isPlain(location: RepositoryLocation): boolean {
  const path = location.kind === 'http' ? new URL(location.url).pathname : location.path;
  let decoded: string;
  try {
    decoded = location.kind === 'http' ? decodeURIComponent(path) : path;
  } catch {
    return false;
  }
  return !decoded.split('/').includes('..');
}

function refused(reason: string): RefusedUrl {
  return { kind: 'refused', reason };
}
