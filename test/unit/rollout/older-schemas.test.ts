import { describe, expect, it } from 'vitest';

import type { ApplicationSpec, ServiceSpec } from '../../../src/model/application.ts';
import { digestOf } from '../../../src/model/digest.ts';
import { hashSchema } from '../../../src/model/hash.ts';
import type { ApplicationRecord } from '../../../src/model/journal-state.ts';
import { identityLabels, instanceName, parseIdentity } from '../../../src/model/labels.ts';
import { olderHashes } from '../../../src/model/older-hashes.ts';
import type { SpecHash } from '../../../src/model/names.ts';
import type { World } from '../../../src/rollout/world.ts';
import { rolloutKey } from '../../../src/rollout/target.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { aCommit, aContainer, anApplication, aService, aWorld } from '../../support/builders.ts';
import { commit, edit, exits, fine, kinds, pass, run } from './scenario.ts';

const { resources } = aContainer();

function version(memoryBytes: number, image = 'testapp:v1'): ServiceSpec {
  return aService({
    replicas: 2,
    container: {
      image,
      stopGraceMs: 3_000,
      networks: [{ network: 'bridge', aliases: [] }],
      resources: { ...resources, memoryBytes },
    },
  });
}

const job = aService({
  name: 'migrate',
  job: { when: 'before' },
  container: { restart: { name: 'no', maximumRetryCount: 0 } },
});

/** Everything as a release of another schema left it: what it wrote down, and the labels and names that it gave. */
function asOfOlder(world: World, specs: readonly ApplicationSpec[], schema = 1): World {
  const hashes = new Map(
    specs.flatMap((spec) =>
      spec.services.map(({ name, hash }) => [hash, olderHashes(spec).get(name) ?? hash] as const),
    ),
  );
  const keys = new Map(
    specs.map((spec) => [rolloutKey(spec), digestOf([...olderHashes(spec)]).slice(0, 16)]),
  );
  const older = <Item extends { readonly hash: SpecHash }>(item: Item): Item => {
    return { ...item, hash: hashes.get(item.hash) ?? item.hash };
  };
  const record = (now: ApplicationRecord): ApplicationRecord => ({
    ...now,
    quarantined: now.quarantined.map(({ live: _live, ...failed }) => older(failed)),
    rollout: now.rollout && {
      ...now.rollout,
      key: keys.get(now.rollout.key) ?? '',
      failures: now.rollout.failures.map(older),
    },
  });
  const { applications, slots } = world.journal;
  const journal = {
    ...world.journal,
    applications: new Map([...applications].map(([name, one]) => [name, record(one)])),
    slots: new Map([...slots].map(([key, slot]) => [key, older(slot)])),
  };
  return edit({ ...world, journal }, (container) => {
    const identity = parseIdentity(container.labels);
    if (identity === null) return container;
    const its = { ...older(identity), hashSchema: schema };
    const labels = { ...container.labels, ...identityLabels(its, aCommit(1)) };
    return { ...container, labels, name: instanceName(its), spec: { ...container.spec, labels } };
  });
}

describe('an operator of this release, after one of schema 1,', () => {
  const spec = anApplication([version(256), job]);
  const before = asOfOlder(run(aWorld([spec], ['host-1', 'host-2'])).world, [spec]);

  it('changes nothing', () => {
    const after = run(before);

    expect(after.steps).toEqual([]);
    expect(after.last.drift).toEqual([]);
  });

  it('changes nothing when the journal is lost, too', () => {
    const { journal } = aWorld([spec], ['host-1', 'host-2']);

    expect(kinds(run({ ...before, journal }).steps)).toEqual([]);
  });

  it('changes in place what that one would have replaced for', () => {
    const after = run(commit(before, [anApplication([version(512), job])], 2));

    expect(kinds(after.steps)).toEqual(['update-container 1', 'update-container 2']);
    expect(kinds(run(after.world).steps)).toEqual([]);
  });

  it('changes nothing for a new time to stop, now or later', () => {
    const patient = version(256);
    const container = { ...patient.container, stopGraceMs: 60_000 };

    const after = run(commit(before, [anApplication([{ ...patient, container }, job])], 2));

    expect(after.steps).toEqual([]);
    expect(run(after.world).steps).toEqual([]);
  });

  it('goes on with a rollout that the other one began', () => {
    const next = anApplication([version(256, 'testapp:v2'), job]);
    const start = run(aWorld([spec], ['host-1', 'host-2'])).world;
    let world = commit(start, [next], 2);
    for (let round = 0; round < 4; round += 1) {
      const decision = decide(world);
      world = pass(world, decision, decision.steps, fine);
    }
    const startedAt = world.journal.applications.get('shop')?.rollout?.startedAt;

    const decision = decide(asOfOlder(world, [spec, next]));

    expect(startedAt).toBeDefined();
    expect(decision.applications[0]?.rollout?.startedAt).toBe(startedAt);
    expect(decision.entries.map(({ kind }) => kind)).not.toContain('rollout-started');
    expect(kinds(decision.steps)).toEqual(kinds(decide(world).steps));
  });
});

describe('what an older release gave up', () => {
  const good = anApplication([version(256)]);
  const bad = anApplication([version(256, 'testapp:bad')]);
  const start = run(aWorld([good], ['host-1'])).world;
  const failed = run(commit(start, [bad], 2), exits('testapp:bad')).world;

  it('is not tried again', () => {
    expect(failed.journal.applications.get('shop')?.quarantined).toHaveLength(1);

    const after = run(asOfOlder(failed, [good, bad]), exits('testapp:bad'));

    expect(after.steps).toEqual([]);
    expect(after.last.applications[0]?.target.mode).toBe('rollback');
  });

  it('is tried again with another limit', () => {
    const mended = anApplication([version(512, 'testapp:bad')]);

    const after = run(commit(asOfOlder(failed, [good, bad]), [mended], 3));

    expect(kinds(after.steps)).toContain('create-container 1');
  });
});

describe('a container of a release that is not known', () => {
  const spec = anApplication([version(256)]);
  const world = run(aWorld([spec], ['host-1'])).world;
  const image = { image: 'testapp:v1' };

  it('is kept when its fields are as asked for', () => {
    const after = run(asOfOlder(world, [spec], hashSchema + 1));

    expect(kinds(after.steps)).toEqual([]);
  });

  it('is replaced when they are not', () => {
    const other = edit(asOfOlder(world, [spec], hashSchema + 1), (one) => ({
      ...one,
      spec: { ...one.spec, ...image, user: 'other' },
    }));

    expect(kinds(run(other).steps)).toContain('create-container 1');
  });
});
