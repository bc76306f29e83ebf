import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Diagnostic } from '../../../src/model/diagnostic.ts';
import type { JournalState } from '../../../src/model/journal-state.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import { renamed, type Revision } from '../../../src/model/revision.ts';
import { judgePlan } from '../../../src/reconcile/judge-plan.ts';
import { revertMessage } from '../../../src/reconcile/revert-application.ts';
import { worldOfCommit } from '../../../src/rollout/world-of-commit.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { Source } from '../../../src/source/source.ts';
import { anUnreachableHost, aReachableHost } from '../../support/builders.ts';
import { never } from '../../support/open-test-source.ts';
import { desiredAt, ShopRepository } from '../../support/shop-repository.ts';
import type { Fate } from '../rollout/scenario.ts';
import { edit, exits, fine, run } from '../rollout/scenario.ts';

const now = 1_000_000;

function shop(tag: string): Record<string, string> {
  return { 'shop/compose.yaml': `services: { web: { image: "testapp:${tag}" } }\n` };
}

let repository: ShopRepository;
let source: Source;
let observations: World['observations'];
let state: JournalState;
let accepted: Revision | null;

beforeEach(async () => {
  repository = await ShopRepository.create();
  source = await repository.open();
  const host = aReachableHost('host-1');
  [observations, state, accepted] = [new Map([[host.host, host]]), emptyJournal, null];
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
  await repository[Symbol.asyncDispose]();
});

/** Takes a commit into force, and carries out what it asks for. */
async function follow(commit: string, fate: Fate = fine): Promise<void> {
  const desired = await desiredAt(source, commit);
  const { world } = run(worldOfCommit(desired, observations, state, now), fate);
  ({ observations } = world);
  [state, accepted] = [world.journal, desired.revision];
}

async function judge(commit: string): Promise<Diagnostic | null> {
  const journal = { accepted: () => accepted, state: () => state };
  const reading = { path: '', key: Buffer.of(), cache: new Map() };
  const clock = { now: () => now };
  const desired = await desiredAt(source, commit);
  const parts = { source, journal, clock, ...reading, observe: async () => observations };
  return judgePlan(parts, desired, never);
}

/** The hash that a refusal names. */
async function planned(commit: string): Promise<string> {
  const refusal = await judge(commit);
  expect(refusal).toMatchObject({ code: 'plan-not-approved', severity: 'error' });
  return /"Fleetwright-Plan: ([0-9a-f]{64})"/.exec(refusal?.hint ?? '')?.[1] ?? '';
}

function approve(hash: string, subject = 'Merge'): string {
  return `${subject}\n\nFleetwright-Plan: ${hash}\n\nCo-authored-by: B <b@example.com>`;
}

/** What the operator says when it writes a rollback back; anybody can say it. */
function writeBackMessage(): string {
  if (accepted === null) throw new Error('nothing is in force');
  const [from, to, by] = [accepted, accepted, 'the operator'];
  return revertMessage({ application: 'shop', from, to, failed: [], reason: null, by });
}

describe('judgePlan()', () => {
  it('refuses what nobody approved, the first commit too, and says how to approve it', async () => {
    const first = await repository.push(shop('v1'));
    const hash = await planned(first);

    expect(hash).toHaveLength(64);
    expect(await judge(await repository.push({}, approve(hash)))).toBeNull();
  });

  it('passes a merge that approves the plan of its pull request', async () => {
    await follow(await repository.push(shop('v1')));
    const hash = await planned(await repository.push(shop('v2')));

    expect(await judge(await repository.push({ 'README.md': 'x' }, approve(hash)))).toBeNull();
  });

  it('asks for nothing of the commit in force, whatever became of the fleet', async () => {
    const one = await repository.push(shop('v1'));
    await follow(one);
    const world = worldOfCommit(await desiredAt(source, one), observations, state, now);
    ({ observations } = edit(world, () => null));

    expect(await judge(one)).toBeNull();
  });

  it('passes another tag that asks for the same, also while a host cannot be observed', async () => {
    await follow(await repository.push(shop('v1')));
    if (accepted !== null) accepted = renamed(accepted, { branch: 'v1.0.0', kind: 'tag' });
    const host = anUnreachableHost('host-1');
    observations = new Map([[host.host, host]]);

    expect(await judge(await repository.push({ 'README.md': 'x' }))).toBeNull();
  });

  it('refuses an approval as stale once the fleet has changed, and says both hashes', async () => {
    await follow(await repository.push(shop('v1')));
    const hash = await planned(await repository.push(shop('v2')));
    const merge = await repository.push({}, approve(hash));
    await follow(await repository.push(shop('v3')));

    const refusal = await judge(merge);

    expect(refusal).toMatchObject({ code: 'plan-stale', file: 'refs/heads/main' });
    expect(refusal?.message).toContain(hash);
    expect(refusal?.hint).not.toContain(hash);
    expect(refusal?.hint).toContain(`fleetwright plan --revision ${merge.slice(0, 12)}`);
  });

  it('refuses an approval as stale when the head asks for more', async () => {
    await follow(await repository.push(shop('v1')));
    const hash = await planned(await repository.push(shop('v2')));
    const blog = { 'blog/compose.yaml': 'services: { web: { image: "testapp:v1" } }\n' };

    expect(await judge(await repository.push(blog, approve(hash)))).toMatchObject({
      code: 'plan-stale',
    });
  });

  it('takes an approval for one again when the fleet has become what it was', async () => {
    await follow(await repository.push(shop('v1')));
    const hash = await planned(await repository.push(shop('v2')));
    const merge = await repository.push({}, approve(hash));
    const before = observations;
    const world = worldOfCommit(await desiredAt(source, merge), observations, state, now);
    ({ observations } = edit(world, () => null));

    expect(await judge(merge)).toMatchObject({ code: 'plan-stale' });
    observations = before;
    expect(await judge(merge)).toBeNull();
  });

  it.each([
    ['asks for the same', { 'README.md': 'read me\n' }],
    ['only moves lines', { 'shop/compose.yaml': `# why\n${shop('v1')['shop/compose.yaml']}` }],
  ])(
    'needs no approval of a commit that %s, be it in the middle of a rollout',
    async (_case, files) => {
      const first = await repository.push(shop('v1'));
      accepted = (await desiredAt(source, first)).revision;

      expect(await judge(await repository.push(files))).toBeNull();
    },
  );

  it('does not call the plan unapproved while a host cannot be seen, but waits for it', async () => {
    const first = await repository.push(shop('v1'));
    const host = anUnreachableHost('host-1');
    observations = new Map([[host.host, host]]);

    const refusal = await judge(first);

    expect(refusal).toMatchObject({ code: 'plan-unknown' });
    expect(refusal?.message).toContain('"host-1" (no answer)');
  });

  it('lets a commit that asks for the same by, whatever host cannot be seen', async () => {
    await follow(await repository.push(shop('v1')));
    const host = anUnreachableHost('host-1');
    observations = new Map([[host.host, host]]);

    expect(await judge(await repository.push({ 'README.md': 'x' }))).toBeNull();
  });

  describe('of a commit that writes a rollback back', () => {
    it('needs no approval, since the fleet is there already', async () => {
      await follow(await repository.push(shop('v1')));
      await follow(await repository.push(shop('v2')), exits('testapp:v2'));
      const revert = await repository.push(shop('v1'), writeBackMessage());

      expect(await judge(revert)).toBeNull();
    });

    it('refuses one that somebody gave its message, and more to do', async () => {
      await follow(await repository.push(shop('v1')));
      const forged = await repository.push(shop('v3'), writeBackMessage());

      expect(await judge(forged)).toMatchObject({ code: 'plan-not-approved' });
    });

    it('refuses it on top of a commit that nobody approved', async () => {
      await follow(await repository.push(shop('v1')));
      await follow(await repository.push(shop('v2')), exits('testapp:v2'));
      await repository.push({
        'blog/compose.yaml': 'services: { web: { image: "testapp:v1" } }\n',
      });
      const revert = await repository.push(shop('v1'), writeBackMessage());

      expect(await judge(revert)).toMatchObject({ code: 'plan-not-approved' });
    });
  });
});
