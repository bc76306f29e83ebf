import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { diagnosticAt } from '../../../src/model/diagnostic.ts';
import type { FollowedRef } from '../../../src/model/followed-ref.ts';
import type { Approval, Claims } from '../../../src/reconcile/follower.ts';
import { FleetClaims } from '../../../src/reconcile/fleet-claims.ts';
import { Follower } from '../../../src/reconcile/follower.ts';
import type { NonFastForward } from '../../../src/reconcile/judge-head.ts';
import { origin } from '../../support/builders.ts';
import { eventually } from '../../support/eventually.ts';
import {
  createRepository,
  scratchFolder,
  type GitRepository,
} from '../../support/git-repository.ts';
import { testKey } from '../../support/load-files.ts';
import { openTestSource } from '../../support/open-test-source.ts';

const logger = pino({ level: 'silent' });
const fleet = 'name: test\nhosts: [{ name: h, endpoint: "tcp://192.0.2.1:2376" }]\n';

function app(tag: string): Record<string, string> {
  const manifest = `services: { web: { image: "app:${tag}" } }\n`;
  return { 'fleet.yaml': fleet, 'shop/compose.yaml': manifest };
}

interface History {
  readonly name: string;
  /** Begins at a branch with the commits one and two, and ends with the branch at what is looked at. */
  readonly act: (repository: GitRepository) => Promise<unknown>;
  /** Whether the head is followed without being allowed to rewrite. Flux and Argo CD follow all of them. */
  readonly isFollowed: boolean;
}

const histories: readonly History[] = [
  { name: 'nothing new', act: async () => {}, isFollowed: true },
  { name: 'a commit', act: (main) => main.commit(app('v3')), isFollowed: true },
  {
    name: 'a merge of a branch that began before',
    act: async (main) => {
      await main.git('checkout', '-q', '-b', 'side', 'main~1');
      await main.commit({ 'README.md': 'side' });
      await main.git('checkout', '-q', 'main');
      await main.git('merge', '-q', '--no-edit', 'side');
    },
    isFollowed: true,
  },
  {
    name: 'a merge that has the commit in force as its second parent',
    act: async (main) => {
      await main.git('checkout', '-q', '-b', 'side', 'main~1');
      await main.commit({ 'README.md': 'side' });
      await main.git('merge', '-q', '--no-edit', 'main');
      await main.git('update-ref', 'refs/heads/main', 'side');
    },
    isFollowed: true,
  },
  { name: 'a revert', act: (main) => main.git('revert', '--no-edit', 'HEAD'), isFollowed: true },
  {
    name: 'a rewind',
    act: (main) => main.git('reset', '-q', '--hard', 'HEAD~1'),
    isFollowed: false,
  },
  {
    name: 'an amended commit',
    act: (main) => main.git('commit', '-q', '--amend', '-m', 'amended'),
    isFollowed: false,
  },
  {
    name: 'a rewind with new commits',
    act: async (main) => {
      await main.git('reset', '-q', '--hard', 'HEAD~1');
      await main.commit(app('v9'));
    },
    isFollowed: false,
  },
  {
    name: 'another history',
    act: async (main) => {
      await main.git('checkout', '-q', '--orphan', 'other');
      await main.commit(app('v9'));
      await main.git('update-ref', 'refs/heads/main', 'other');
    },
    isFollowed: false,
  },
];

interface OneOfSources extends AsyncDisposable {
  readonly repository: GitRepository;
  readonly journal: Journal;
  readonly follower: Follower;
}

/** A source among others, with a repository of its own; it is not followed yet. */
async function sourceWith(claims: Claims, folder: string): Promise<OneOfSources> {
  const repository = await createRepository(join(folder, 'repository'));
  await repository.commit(app('v1'));
  const journal = openJournal(join(folder, 'state'), logger);
  const source = await openTestSource({ repository: repository.path });
  const follower = new Follower({
    source,
    journal,
    logger,
    nonFastForward: 'refuse',
    path: '',
    key: testKey,
    cache: new Map(),
    claims,
    onAccepted: ({ desired: { revision } }) => journal.accept(revision, ['shop']),
  });
  return {
    repository,
    journal,
    follower,
    async [Symbol.asyncDispose]() {
      await follower[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
      journal[Symbol.dispose]();
    },
  };
}

interface Outcome {
  readonly accepted: string;
  readonly rejected: string | null;
  readonly head: string;
}

/** What is in force after the commit two was, and then the history happened, while nobody looked. */
async function follow({ act }: History, nonFastForward: NonFastForward): Promise<Outcome> {
  await using scratch = await scratchFolder();
  const repository = await createRepository(join(scratch.path, 'repository'));
  await repository.commit(app('v1'));
  await repository.commit(app('v2'));
  const look = (): Promise<Omit<Outcome, 'head'>> =>
    lookOnce(repository.path, join(scratch.path, 'state'), nonFastForward);
  await look();
  await act(repository);
  return { ...(await look()), head: await repository.git('rev-parse', 'main') };
}

/** One life of the operator, until it has judged the head. */
async function lookOnce(
  repository: string,
  state: string,
  nonFastForward: NonFastForward,
  ref: FollowedRef = { kind: 'branch', name: 'main' },
  approval?: Approval,
): Promise<Omit<Outcome, 'head'>> {
  using journal = openJournal(state, logger);
  await using source = await openTestSource({ repository, ref });
  const accepted: string[] = [];
  await using follower = new Follower({
    source,
    journal,
    logger,
    nonFastForward,
    path: '',
    key: testKey,
    cache: new Map(),
    ...(approval === undefined ? {} : { approval }),
    onAccepted: ({ desired: { revision } }) => {
      accepted.push(revision.commit);
      journal.accept(revision, ['shop']);
    },
  });
  await follower.start();
  const { commit } = await source.head(new AbortController().signal);
  await eventually('the head to be judged', async () => {
    const judged = [accepted.at(-1), journal.rejected()?.revision.commit];
    return judged.includes(commit) ? true : null;
  });
  const code = journal.rejected()?.diagnostics[0]?.code ?? null;
  return { accepted: journal.accepted()?.commit ?? '', rejected: code };
}

/** Is not to be asked. */
const unwilling: Approval = {
  judge: () => Promise.reject(new Error('it was asked')),
  clock: { after: () => () => undefined },
};

describe('Follower', () => {
  it.each(histories)('$name, when rewriting is refused', async (history) => {
    const { accepted, rejected, head } = await follow(history, 'refuse');

    expect(accepted === head).toBe(history.isFollowed);
    expect(rejected).toBe(history.isFollowed ? null : 'history-rewritten');
  });

  it.each(histories)('$name, when rewriting is allowed', async (history) => {
    const { accepted, rejected, head } = await follow(history, 'allow');

    expect({ accepted, rejected }).toEqual({ accepted: head, rejected: null });
  });

  it('goes on as soon as the commit in force is behind the head again', async () => {
    await using scratch = await scratchFolder();
    const repository = await createRepository(join(scratch.path, 'repository'));
    const state = join(scratch.path, 'state');
    await repository.commit(app('v1'));
    const two = await repository.commit(app('v2'));
    await lookOnce(repository.path, state, 'refuse');
    await repository.git('reset', '-q', '--hard', 'HEAD~1');
    const refused = await lookOnce(repository.path, state, 'refuse');
    await repository.git('reset', '-q', '--hard', two);
    const three = await repository.commit(app('v3'));

    expect(refused).toEqual({ accepted: two, rejected: 'history-rewritten' });
    expect(await lookOnce(repository.path, state, 'refuse')).toEqual({
      accepted: three,
      rejected: null,
    });
  });

  it('keeps the highest version in force when its tag is deleted, until a higher one comes', async () => {
    await using scratch = await scratchFolder();
    const repository = await createRepository(join(scratch.path, 'repository'));
    const look = (policy: NonFastForward = 'refuse'): Promise<Omit<Outcome, 'head'>> =>
      lookOnce(repository.path, join(scratch.path, 'state'), policy, {
        kind: 'semver',
        range: '1.x',
        tagPrefix: '',
      });
    const release = async (version: string): Promise<string> => {
      const commit = await repository.commit(app(version));
      await repository.git('tag', '-m', version, version);
      return commit;
    };
    await release('v1.0.0');
    const one = await release('v1.1.0');
    await look();
    await repository.git('tag', '-d', 'v1.1.0');

    expect(await look()).toEqual({ accepted: one, rejected: 'history-rewritten' });
    // A hotfix of an older line: it need not hold what is in force.
    await repository.git('reset', '-q', '--hard', 'v1.0.0');
    const two = await release('v1.2.0');
    expect(await look()).toEqual({ accepted: two, rejected: null });
    await repository.git('tag', '-d', 'v1.2.0');
    const before = await repository.git('rev-parse', 'v1.0.0^{}');
    expect(await look('allow')).toEqual({ accepted: before, rejected: null });
  });

  it('follows a tag of which the journal of an older build knows only the name of a branch', async () => {
    await using scratch = await scratchFolder();
    const repository = await createRepository(join(scratch.path, 'repository'));
    const state = join(scratch.path, 'state');
    await repository.commit(app('v1'));
    await lookOnce(repository.path, state, 'refuse');
    await repository.git('checkout', '-q', '--orphan', 'other');
    const tagged = await repository.commit(app('v2'));
    await repository.git('tag', 'main');

    expect(await lookOnce(repository.path, state, 'refuse', { kind: 'tag', name: 'main' })).toEqual(
      { accepted: tagged, rejected: null },
    );
  });

  it('is kept at a fixed commit, also at an older one', async () => {
    await using scratch = await scratchFolder();
    const repository = await createRepository(join(scratch.path, 'repository'));
    const state = join(scratch.path, 'state');
    const id = await repository.commit(app('v1'));
    await repository.commit(app('v2'));
    await lookOnce(repository.path, state, 'refuse');

    expect(await lookOnce(repository.path, state, 'refuse', { kind: 'commit', id })).toEqual({
      accepted: id,
      rejected: null,
    });
  });

  it('takes up what was in force before anything that it is told of meanwhile', async () => {
    await using scratch = await scratchFolder();
    const repository = await createRepository(join(scratch.path, 'repository'));
    const state = join(scratch.path, 'state');
    const one = await repository.commit(app('v1'));
    await lookOnce(repository.path, state, 'refuse');
    const two = await repository.commit(app('v2'));
    using journal = openJournal(state, logger);
    await using source = await openTestSource({ repository: repository.path });
    const accepted: string[] = [];
    const read = source.resolve.bind(source);
    source.resolve = async (...asked) => {
      await sleep(200);
      return read(...asked);
    };
    await using follower = new Follower({
      source,
      journal,
      logger,
      nonFastForward: 'refuse',
      path: '',
      key: testKey,
      cache: new Map(),
      onAccepted: ({ desired: { revision } }) => {
        accepted.push(revision.commit);
        journal.accept(revision, ['shop']);
      },
    });

    const started = follower.start();
    follower.hint();
    await started;
    await eventually('the head', async () => (accepted.at(-1) === two ? true : null));

    expect(accepted).toEqual([one, two]);
  });

  it('takes a commit into force whose fleet was that of another source, once that gives it up', async () => {
    await using scratch = await scratchFolder();
    const claims = new FleetClaims(['a', 'b']);
    await using a = await sourceWith(claims.of('a'), join(scratch.path, 'a'));
    await using b = await sourceWith(claims.of('b'), join(scratch.path, 'b'));
    claims.of('b').resumed();
    await a.follower.start();
    await eventually('the fleet to be taken', async () => a.journal.accepted());
    await b.follower.start();
    const refused = await eventually('a refusal', async () => b.journal.rejected());
    expect(refused.diagnostics).toMatchObject([{ code: 'fleet-of-another-source' }]);

    await a.repository.commit({ 'fleet.yaml': fleet.replace('test', 'other') });

    const accepted = await eventually('the fleet to be given up', async () => b.journal.accepted());
    expect(accepted.commit).toBe(refused.revision.commit);
  });

  describe('where plans must be approved', () => {
    it('keeps what is in force until the plan is approved, and looks again by itself', async () => {
      await using scratch = await scratchFolder();
      const repository = await createRepository(join(scratch.path, 'repository'));
      const one = await repository.commit(app('v1'));
      const two = await repository.commit(app('v2'));
      await repository.git('reset', '-q', '--hard', one);
      using journal = openJournal(join(scratch.path, 'state'), logger);
      await using source = await openTestSource({ repository: repository.path });
      const refusal = diagnosticAt(origin, '', 'plan-not-approved', 'nobody approved it');
      const unapproved = new Set([two]);
      const timers = new Set<() => void>();
      const judged: string[] = [];
      const follower = new Follower({
        source,
        journal,
        logger,
        nonFastForward: 'refuse',
        path: '',
        key: testKey,
        cache: new Map(),
        approval: {
          judge: async ({ revision: { commit } }) => {
            judged.push(commit);
            return unapproved.has(commit) ? refusal : null;
          },
          clock: {
            after: (_ms, callback) => {
              timers.add(callback);
              return () => timers.delete(callback);
            },
          },
        },
        onAccepted: ({ desired: { revision } }) => journal.accept(revision, ['shop']),
      });
      const inForce = (commit: string): Promise<true> =>
        eventually('the commit to be in force', async () =>
          journal.accepted()?.commit === commit ? true : null,
        );
      await follower.start();
      await inForce(one);
      await repository.git('reset', '-q', '--hard', two);
      await eventually('a refusal', async () =>
        journal.rejected()?.revision.commit === two && timers.size === 1 ? true : null,
      );

      expect(journal.accepted()?.commit).toBe(one);
      expect(journal.rejected()?.diagnostics).toEqual([refusal]);
      unapproved.clear();
      for (const look of timers) look();
      await inForce(two);
      await follower[Symbol.asyncDispose]();
      expect(journal.rejected()).toBeNull();
      expect(judged.slice(0, 2)).toEqual([one, two]);
      expect(timers.size).toBe(0);
    });

    it('forgets a refusal when the branch is set back to what is in force', async () => {
      await using scratch = await scratchFolder();
      const repository = await createRepository(join(scratch.path, 'repository'));
      const one = await repository.commit(app('v1'));
      using journal = openJournal(join(scratch.path, 'state'), logger);
      await using source = await openTestSource({ repository: repository.path });
      const refusal = diagnosticAt(origin, '', 'plan-not-approved', 'nobody approved it');
      await using follower = new Follower({
        source,
        journal,
        logger,
        nonFastForward: 'refuse',
        path: '',
        key: testKey,
        cache: new Map(),
        approval: {
          judge: async ({ revision: { commit } }) => (commit === one ? null : refusal),
          clock: { after: () => () => undefined },
        },
        onAccepted: ({ desired: { revision } }) => journal.accept(revision, ['shop']),
      });
      await follower.start();
      await eventually('the first', async () => journal.accepted());
      await repository.commit(app('v2'));
      await eventually('the refusal', async () => journal.rejected());

      await repository.git('reset', '-q', '--hard', one);

      await eventually('no refusal', async () => (journal.rejected() === null ? true : null));
      expect(journal.accepted()?.commit).toBe(one);
    });

    it('asks nobody about what is in force already', async () => {
      await using scratch = await scratchFolder();
      const repository = await createRepository(join(scratch.path, 'repository'));
      const one = await repository.commit(app('v1'));
      const state = join(scratch.path, 'state');
      await lookOnce(repository.path, state, 'refuse');

      expect(await lookOnce(repository.path, state, 'refuse', undefined, unwilling)).toEqual({
        accepted: one,
        rejected: null,
      });
    });
  });
});
