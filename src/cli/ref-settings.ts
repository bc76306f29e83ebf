import { UsageError } from '../model/errors.ts';
import type { FollowedRef } from '../model/followed-ref.ts';
import type { Said } from './said.ts';

const kinds = ['branch', 'tag', 'semver', 'commit'] as const;

/** @throws UsageError when more than one thing is to be followed */
export function refSettings(said: Said): FollowedRef {
  const named = kinds.flatMap((kind) => {
    const value = said[kind];
    return value === undefined ? [] : [{ kind, value }];
  });
  const [first = { kind: 'branch', value: 'main' } as const, second] = named;
  if (second !== undefined) {
    throw new UsageError(
      `Cannot follow both ${first.kind} "${first.value}" and ${second.kind} "${second.value}": say one of branch, tag, semver and commit`,
    );
  }
  if (said.tagPrefix !== undefined && first.kind !== 'semver') {
    throw new UsageError(
      `Cannot use tagPrefix "${said.tagPrefix}" with ${first.kind} "${first.value}": it stands before the version in the names of tags, and goes with semver`,
    );
  }
  switch (first.kind) {
    case 'semver':
      return { kind: 'semver', range: first.value, tagPrefix: said.tagPrefix ?? '' };
    case 'commit':
      return { kind: 'commit', id: first.value.toLowerCase() };
    default:
      return { kind: first.kind, name: first.value };
  }
}
