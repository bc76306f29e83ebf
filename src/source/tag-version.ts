import semver from 'semver';
import type { SemVer } from 'semver';

import type { FollowedVersions } from '../model/followed-ref.ts';

/** The version that a tag names, with a `v` before it or none; null when it names none that the range admits. */
export function admittedVersion(
  tag: string,
  { range, tagPrefix }: FollowedVersions,
): SemVer | null {
  if (!tag.startsWith(tagPrefix)) return null;
  const version = semver.parse(tag.slice(tagPrefix.length));
  return version !== null && semver.satisfies(version, range) ? version : null;
}

/** The tag with the highest version; undefined when the range admits none. */
export function highestTag(
  tags: readonly string[],
  versions: FollowedVersions,
): string | undefined {
  let best: { readonly tag: string; readonly version: SemVer } | undefined;
  // Sorted, so that two names of one version are no matter of chance.
  for (const tag of tags.toSorted()) {
    const version = admittedVersion(tag, versions);
    if (version === null) continue;
    if (best === undefined || isHigher(version, best.version)) best = { tag, version };
  }
  return best?.tag;
}

/** Build metadata counts last, and in numbers: what is built again is newer. */
export function isHigher(version: SemVer, than: SemVer): boolean {
  return semver.compareBuild(version, than) > 0;
}

/** A tag that the range would admit if it were no prerelease. */
export function heldBack(tags: readonly string[], versions: FollowedVersions): string | undefined {
  const { range, tagPrefix } = versions;
  return tags.find((tag) => {
    const version = tag.startsWith(tagPrefix) ? semver.parse(tag.slice(tagPrefix.length)) : null;
    return version !== null && semver.satisfies(version, range, { includePrerelease: true });
  });
}

/** Whether npm understands it. */
export function isRange(range: string): boolean {
  return semver.validRange(range) !== null;
}
