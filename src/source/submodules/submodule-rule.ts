import { dirname, isAbsolute, resolve } from 'node:path';

import { UsageError } from '../../model/errors.ts';
import { parseLocation, type RepositoryLocation } from '../location.ts';

/** Which submodules are followed. */
export type SubmoduleRule =
  | { readonly kind: 'off' | 'same-host' }
  /** What stands at or below one of these; URLs in normal form, or absolute paths. */
  | { readonly kind: 'below'; readonly places: readonly string[] };

/**
 * Reads `off`, `same-host`, or URLs and paths separated by commas.
 *
 * @throws UsageError
 */
export function parseSubmoduleRule(text: string): SubmoduleRule {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const [only] = words;
  if (words.length === 1 && (only === 'off' || only === 'same-host')) return { kind: only };
  const locations = words.map(locationOf);
  if (locations.length === 0 || locations.some(isNoPlace)) {
    throw new UsageError(
      `Cannot use --submodules "${text}": it is off, same-host, or the URLs that submodules may begin with, separated by commas, as https://git.example.com/team/`,
    );
  }
  return { kind: 'below', places: locations.map((each) => placeOf(each).replace(/\/\.$/, '')) };
}

/** Whether a submodule may be followed, of a repository that is. */
export function admits(
  rule: SubmoduleRule,
  followed: RepositoryLocation,
  submodule: RepositoryLocation,
): boolean {
  // What a server sends must not lead to what this machine holds.
  if (submodule.kind === 'local' && followed.kind !== 'local') return false;
  switch (rule.kind) {
    case 'off':
      return false;
    case 'same-host':
      return submodule.kind === 'local'
        ? isBelow(placeOf(submodule), dirname(placeOf(followed)))
        : isSameServer(followed, submodule);
    case 'below':
      return rule.places.some((place) => isBelow(placeOf(submodule), place));
  }
}

/** Whether credentials of the one may be shown to the other. */
export function isSameServer(one: RepositoryLocation, other: RepositoryLocation): boolean {
  return (
    one.kind !== 'local' && other.kind !== 'local' && serverOf(one.url) === serverOf(other.url)
  );
}

/** In one form for each place: the URL, or the path from the root of this machine. */
export function placeOf(location: RepositoryLocation): string {
  return location.kind === 'local' ? resolve(location.path) : location.url;
}

/** With the user: another one is somebody else to an SSH server. */
function serverOf(url: string): string {
  return /^[a-z]+:\/\/[^/]*/.exec(url)?.[0] ?? url;
}

function isBelow(place: string, folder: string): boolean {
  return place === folder || place.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** A whole server has no path, which no repository is without. */
function locationOf(word: string): RepositoryLocation {
  const isServer = /^[a-z+]+:\/\/[^/]+\/?$/i.test(word);
  return parseLocation(isServer ? `${word.replace(/\/$/, '')}/.` : word);
}

function isNoPlace(location: RepositoryLocation): boolean {
  return location.kind === 'local' && !isAbsolute(location.path);
}
