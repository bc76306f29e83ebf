import { describe, expect, it } from 'vitest';

import type { ApplicationSpec, TagMoved } from '../../../src/model/application.ts';
import { hashRolled } from '../../../src/model/hash.ts';
import type { ApplicationRecord } from '../../../src/model/journal-state.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import { notAsked } from '../../../src/model/lookup.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { asWritten } from '../../../src/rollout/image-pins.ts';
import { predict } from '../../../src/rollout/predict.ts';
import { rolloutKey } from '../../../src/rollout/target.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, anIgnoreRule, aService, aWorld } from '../../support/builders.ts';
import { aDigest, aHostWith, aPulledImage } from '../../support/image-digests.ts';
import {
  commit,
  decisionOf,
  exits,
  fine,
  pass,
  run,
  running,
  seeing,
  stalledBy,
} from './scenario.ts';
import type { Fate } from './scenario.ts';

const image = 'registry:5000/app:latest';
const key = `shop/tag/${image}`;
const names = ['host-1', 'host-2'];
const interval = 300_000;
const [first, second, third] = ['a', 'b', 'c'].map((digit) => `${image}@${aDigest(digit)}`);
const service = aService({ replicas: 2, container: { image } });

function shop(tagMoved: TagMoved, facts: Partial<ApplicationSpec> = {}): ApplicationSpec {
  return anApplication([{ ...service, tagMoved }], facts);
}

/** A fleet whose instances were made when the tag meant the first digest. Its hosts can run all three. */
function deployed(application: ApplicationSpec): World {
  const images = ['b', 'c'].map((digit) => aPulledImage(digit, { tags: [] }));
  const hosts = names.map((name) => aHostWith(name, aPulledImage('a'), ...images));
  return run(seeing(aWorld([application], names), ...hosts)).world;
}

/** The registry has answered that the tag means this now. */
function means(world: World, digit: string): World {
  const entry = { kind: 'tag-seen', application: 'shop', image, digest: aDigest(digit) } as const;
  const lookups = new Map([[key, { ...notAsked, answeredAt: world.now }]]);
  return { ...world, lookups, journal: reduceJournal(world.journal, entry) };
}

function recordOf(world: World): ApplicationRecord | undefined {
  return world.journal.applications.get('shop');
}

describe('what a tag means now', () => {
  it('is not asked where it does not matter', () => {
    expect(decide(deployed(shop('ignore'))).lookups).toEqual([]);
  });

  it.each(['report', 'roll'] as const)(
    'is asked at once, then at an interval, to %s it',
    (policy) => {
      const world = deployed(shop(policy));
      const answered = means(world, 'a');

      expect(decide(world).lookups).toEqual([{ key, host: 'host-1', application: 'shop', image }]);
      expect(decide(answered)).toMatchObject({ lookups: [], wakeAt: answered.now + interval });
      expect(decide({ ...answered, now: answered.now + interval }).lookups).toHaveLength(1);
    },
  );

  it('is asked through another host after a failure, and not before it is time', () => {
    const world = deployed(shop('report'));
    const retryAt = world.now + 10;
    const failed = { ...world, lookups: new Map([[key, { ...notAsked, failures: 1, retryAt }]]) };

    expect(decide(failed)).toMatchObject({ lookups: [], wakeAt: retryAt, settled: true });
    expect(decide({ ...failed, now: retryAt }).lookups).toMatchObject([{ host: 'host-2' }]);
  });

  it('is not asked of an application that is suspended or scaled to 0, nor by a plan', () => {
    const world = deployed(shop('report'));
    const asking = (application: ApplicationSpec): number =>
      decide(commit(world, [application], 2)).lookups.length;

    expect(asking(shop('report', { suspend: true }))).toBe(0);
    expect(asking(anApplication([{ ...service, tagMoved: 'report', replicas: 0 }]))).toBe(0);
    expect(predict(world).waves).toEqual([]);
  });

  it('is what fleet.yaml says where the service does not', () => {
    const world = deployed(anApplication([service]));
    const fleet = { ...world.desired.fleet, image: { tagMoved: 'report', intervalMs: 1 } } as const;

    expect(decide({ ...world, desired: { ...world.desired, fleet } }).lookups).toHaveLength(1);
  });
});

describe('a tag that has moved, to be reported', () => {
  const world = means(deployed(shop('report')), 'b');

  it('is drift of each instance, with both digests, and changes nothing', () => {
    const { last, steps } = run(world);

    expect(steps).toEqual([]);
    expect(last.settled).toBe(true);
    expect(decisionOf(last).health).toBe('healthy');
    expect(stalledBy(last)).toBe('');
    expect(last.drift).toMatchObject(
      ['1', '2'].map((slot) => ({
        class: 'tag-moved',
        path: 'image',
        slot,
        desired: aDigest('b'),
        observed: aDigest('a'),
        action: 'report',
        severity: 'warning',
      })),
    );
  });

  it('is none once it has moved back', () => {
    expect(decide(means(world, 'a')).drift).toEqual([]);
  });

  it('can be left alone by a rule', () => {
    const rule = anIgnoreRule({ path: 'image' });
    const decision = decide(commit(world, [shop('report', { driftIgnore: [rule] })], 2));

    expect(decision.drift).toEqual([]);
    expect(decision.ignored).toMatchObject([{ item: { class: 'tag-moved' }, rule }, {}]);
  });
});

describe('a tag that has moved, to be rolled out', () => {
  const world = means(deployed(shop('roll')), 'b');
  const rolled = run(world);

  it('is rolled out like a commit, and comes to rest', () => {
    expect(running(rolled.world)).toEqual([second, second]);
    expect(rolled.entries).toContainEqual(expect.objectContaining({ kind: 'rollout-started' }));
    expect(rolled.last).toMatchObject({ settled: true, drift: [] });
    expect(recordOf(rolled.world)?.lastKnownGood?.spec.services).toMatchObject([
      {
        hash: hashRolled(service.hash, aDigest('b')),
        rolledFrom: { image, hash: service.hash },
      },
    ]);
  });

  it('is one version: a commit that only takes the policy back restarts nothing', () => {
    expect(run(commit(rolled.world, [shop('report')], 2)).steps).toEqual([]);
  });

  it('runs the jobs of the application once more', () => {
    const container = {
      image: 'testapp:v1',
      restart: { name: 'no', maximumRetryCount: 0 },
    } as const;
    const job = aService({ name: 'migrate', container, job: { when: 'before' } });
    const withJob = anApplication([job, { ...service, tagMoved: 'roll' }]);
    const hosts = names.map((name) => {
      const base = aHostWith(name).images;
      const own = aPulledImage('t', { tags: ['testapp:v1'], digests: [] });
      const all = [...base, own, aPulledImage('a'), aPulledImage('b', { tags: [] })];
      return aHostWith(name, ...all);
    });
    const before = run(seeing(aWorld([withJob], names), ...hosts));

    const { steps, world, last } = run(means(before.world, 'b'));

    const made = steps.flatMap((step) =>
      step.action.kind === 'create-container' ? [step.service] : [],
    );
    expect(made).toEqual(['migrate', 'web', 'web']);
    expect(last.settled).toBe(true);
    expect(run(world).steps).toEqual([]);
  });

  it('is what the manifest says without the digest', () => {
    const good = recordOf(rolled.world)?.lastKnownGood?.spec;
    const written = good === undefined ? null : rolloutKey(asWritten(good));

    expect(written).toBe(rolloutKey(shop('roll')));
  });

  it('is found again when the journal is lost', () => {
    const lost = { ...rolled.world, journal: aWorld([shop('roll')], names).journal };

    expect(run(lost).steps).toEqual([]);
  });

  it('is rolled back when it fails, and is not tried again', () => {
    const bad: Fate = exits(second ?? '');
    const failed = run(world, bad);

    expect(running(failed.world)).toEqual([first, first]);
    expect(stalledBy(failed.last)).toBe('RolledBack');
    expect(run(failed.world, bad).steps).toEqual([]);

    const mended = run(means(failed.world, 'c'), bad);
    expect(running(mended.world)).toEqual([third, third]);
    expect(stalledBy(mended.last)).toBe('');

    const takenBack = run(means(failed.world, 'a'), bad);
    expect(takenBack.steps).toEqual([]);
    expect(takenBack.last.settled).toBe(true);
    expect(stalledBy(takenBack.last)).toBe('');
  });

  it('waits for the end of a rollout that is under way', () => {
    const images = [aPulledImage('a'), aPulledImage('b', { tags: [] })];
    const hosts = names.map((name) => aHostWith(name, ...images));
    const start = seeing(aWorld([shop('roll')], names), ...hosts);
    const beginning = decide(start);
    const begun = means(pass(start, beginning, beginning.steps, fine), 'b');

    expect(recordOf(begun)).toMatchObject({ rollout: {}, pins: [{ digest: aDigest('a') }] });
    expect(decide(begun).entries.map(({ kind }) => kind)).not.toContain('image-pinned');
    expect(running(run(begun).world)).toEqual([second, second]);
  });

  it('is reported while it has failed', () => {
    const failed = run(world, exits(second ?? ''));

    expect(failed.last.drift).toMatchObject([
      { class: 'tag-moved', note: expect.stringContaining('has failed') },
      { class: 'tag-moved' },
    ]);
    expect(run(failed.world, fine).steps).toEqual([]);
  });
});
