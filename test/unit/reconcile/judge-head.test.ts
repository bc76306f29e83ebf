import { describe, expect, it } from 'vitest';

import type { FollowedRef } from '../../../src/model/followed-ref.ts';
import { toCommitSha } from '../../../src/model/names.ts';
import type { Revision, RevisionName } from '../../../src/model/revision.ts';
import { judgeHead } from '../../../src/reconcile/judge-head.ts';

const [inForce, moved] = [toCommitSha('a'.repeat(40)), toCommitSha('b'.repeat(40))];
const facts = { author: 'Ada', date: 0, subject: 'change' };
const branch = (name: string): RevisionName => ({ branch: name });
const tag = (name: string): RevisionName => ({ branch: name, kind: 'tag' });
const fixed: RevisionName = { branch: 'commit', kind: 'commit' };
const semver = (range: string, tagPrefix = ''): FollowedRef => ({
  kind: 'semver',
  range,
  tagPrefix,
});

interface Case {
  readonly name: string;
  readonly followed: FollowedRef;
  readonly accepted: RevisionName | null;
  readonly head: RevisionName;
  /** Whether the commit in force is behind the head. */
  readonly holds?: boolean;
  /** Undefined: the head is taken. */
  readonly message?: RegExp;
}

const cases: readonly Case[] = [
  {
    name: 'a first commit',
    followed: { kind: 'branch', name: 'main' },
    accepted: null,
    head: branch('main'),
  },
  {
    name: 'a branch that was rewritten',
    followed: { kind: 'branch', name: 'main' },
    accepted: branch('main'),
    head: branch('main'),
    message:
      /^Cannot follow branch "main" to bbbbbbbbbbbb: .* the branch was rewritten or set back$/,
  },
  {
    name: 'another branch',
    followed: { kind: 'branch', name: 'next' },
    accepted: branch('main'),
    head: branch('next'),
  },
  {
    name: 'a tag in place of a branch of the same name',
    followed: { kind: 'tag', name: 'main' },
    accepted: branch('main'),
    head: tag('main'),
  },
  {
    name: 'a tag that was moved on',
    followed: { kind: 'tag', name: 'prod' },
    accepted: tag('prod'),
    head: tag('prod'),
    holds: true,
  },
  {
    name: 'a tag that was moved away',
    followed: { kind: 'tag', name: 'prod' },
    accepted: tag('prod'),
    head: tag('prod'),
    message:
      /^Cannot follow tag "prod" to bbbbbbbbbbbb: commit aaaaaaaaaaaa, .* the tag was moved away$/,
  },
  {
    name: 'another tag, as the configuration says',
    followed: { kind: 'tag', name: 'v1' },
    accepted: tag('v2'),
    head: tag('v1'),
  },
  {
    name: 'a higher version on another line',
    followed: semver('1.x'),
    accepted: tag('v1.9.0'),
    head: tag('v1.10.0'),
  },
  {
    name: 'the same version with later build metadata',
    followed: semver('1.x'),
    accepted: tag('v1.9.0+9'),
    head: tag('v1.9.0+10'),
  },
  {
    name: 'the tag of a version that was moved away',
    followed: semver('1.x'),
    accepted: tag('v1.9.0'),
    head: tag('v1.9.0'),
    message: /the tag was moved away$/,
  },
  {
    name: 'a lower version, since the highest was deleted',
    followed: semver('1.x'),
    accepted: tag('v1.10.0'),
    head: tag('v1.9.0'),
    holds: true,
    message:
      /^Cannot go back from tag "v1.10.0", which is in force, to "v1.9.0": "1.x" still admits the former, so its tag was deleted$/,
  },
  {
    name: 'the same version under another name',
    followed: semver('1.x'),
    accepted: tag('v1.9.0'),
    head: tag('1.9.0'),
    message: /^Cannot follow tag "1.9.0" to .*, so it is not what tag "v1.9.0" was$/,
  },
  {
    name: 'the same version under another name, moved on',
    followed: semver('1.x'),
    accepted: tag('v1.9.0'),
    head: tag('1.9.0'),
    holds: true,
  },
  {
    name: 'a lower version, since the range leaves the other out',
    followed: semver('<1.10'),
    accepted: tag('v1.10.0'),
    head: tag('v1.9.0'),
  },
  {
    name: 'a lower version after another prefix',
    followed: semver('1.x', 'prod/'),
    accepted: tag('v1.10.0'),
    head: tag('prod/v1.0.0'),
  },
  {
    name: 'a fixed commit',
    followed: { kind: 'commit', id: moved },
    accepted: fixed,
    head: fixed,
  },
  {
    name: 'a version after a fixed commit',
    followed: semver('1.x'),
    accepted: fixed,
    head: tag('v1.0.0'),
  },
];

function revision(name: RevisionName, commit = moved): Revision {
  return { ...name, commit, ...facts };
}

describe('judgeHead()', () => {
  it.each(cases)('of $name', async ({ followed, accepted, head, holds = false, message }) => {
    const source = { followed, isBehind: async () => holds };
    const before = accepted === null ? null : revision(accepted, inForce);
    const { signal } = new AbortController();

    const refused = await judgeHead(source, before, revision(head), 'refuse', signal);
    const allowed = await judgeHead(source, before, revision(head), 'allow', signal);

    if (message === undefined) expect(refused).toBeNull();
    else expect(refused?.message).toMatch(message);
    expect(allowed).toBeNull();
  });

  it('takes the commit in force under any name', async () => {
    const source = { followed: semver('1.x'), isBehind: async () => false };
    const { signal } = new AbortController();
    const [before, head] = [revision(tag('v1.10.0')), revision(tag('v1.9.0'))];

    expect(await judgeHead(source, before, head, 'refuse', signal)).toBeNull();
  });
});
