import { describe, expect, it } from 'vitest';

import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { ApplicationRecord } from '../../../src/model/journal-state.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import type { LookupRecord } from '../../../src/model/lookup.ts';
import { notAsked } from '../../../src/model/lookup.ts';
import type { ReachableHost } from '../../../src/model/observation.ts';
import type { Step } from '../../../src/model/step.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import { aDigest, aHostWith, aPulledImage } from '../../support/image-digests.ts';
import {
  commit,
  containers,
  decisionOf,
  edit,
  run,
  running,
  seeing,
  stalledBy,
} from './scenario.ts';

const image = 'registry:5000/app:latest';
const key = `shop/tag/${image}`;
const pinned = `${image}@${aDigest('a')}`;
const names = ['host-1', 'host-2'];

function shop(replicas = 2): ReturnType<typeof anApplication> {
  return anApplication([aService({ replicas, container: { image } })]);
}

function fleet(...hosts: readonly ReachableHost[]): World {
  return seeing(aWorld([shop()], names), ...hosts);
}

/** Both hosts have what the tag meant when they pulled it. */
const agreed = fleet(
  aHostWith('host-1', aPulledImage('a')),
  aHostWith('host-2', aPulledImage('a')),
);

const moved = fleet(aHostWith('host-1', aPulledImage('a')), aHostWith('host-2', aPulledImage('b')));

function recordOf(world: World): ApplicationRecord | undefined {
  return world.journal.applications.get('shop');
}

function withLookup(world: World, record: Partial<LookupRecord>): World {
  return { ...world, lookups: new Map([[key, { ...notAsked, ...record }]]) };
}

function words(steps: readonly Step[]): readonly string[] {
  return steps.map(({ host, action }) =>
    action.kind === 'pull-image' ? `${host} pulls ${action.image}` : `${host} ${action.kind}`,
  );
}

describe('the first instances of a version', () => {
  it('are made from the digest that all their hosts have for the tag, and it is kept', () => {
    const { world, last } = run(agreed);

    expect(running(world)).toEqual([pinned, pinned]);
    expect(recordOf(world)?.pins).toMatchObject([{ service: 'web', digest: aDigest('a') }]);
    expect(last).toMatchObject({ settled: true, drift: [], lookups: [] });
  });

  it('wait until every host has the image by its tag', () => {
    const { steps, lookups } = decide(fleet(aHostWith('host-1'), aHostWith('host-2')));

    expect(words(steps)).toEqual([`host-1 pulls ${image}`, `host-2 pulls ${image}`]);
    expect(lookups).toEqual([]);
  });

  it('take the index that hosts of different platforms have in common', () => {
    const other = aPulledImage('a', { id: 'sha256:other', architecture: 'arm64' });
    const host = aHostWith('host-2', other);
    const arm = { ...host, engine: { ...host.engine, architecture: 'arm64' } };

    const { world, last } = run(seeing(agreed, arm));

    expect(running(world)).toEqual([pinned, pinned]);
    expect(last.drift).toEqual([]);
  });

  it('use what was loaded by hand as it is, without a question', () => {
    const loaded = aPulledImage('a', { digests: [] });
    const { world, entries } = run(
      fleet(aHostWith('host-1', loaded), aHostWith('host-2', aPulledImage('b'))),
    );

    expect(running(world)).toEqual([image, image]);
    expect(entries.map(({ kind }) => kind)).not.toContain('image-pinned');
    expect(decide(world).lookups).toEqual([]);
  });
});

describe('hosts that have different images for one tag', () => {
  it('wait for what the registry says', () => {
    const decision = decide(moved);

    expect(decision.steps).toEqual([]);
    expect(decision.lookups).toEqual([{ key, host: 'host-1', application: 'shop', image }]);
    expect(decide(withLookup(moved, { isUnderWay: true })).lookups).toEqual([]);
  });

  it('all get the one that it means now', () => {
    const record = { ...recordOf(moved), tags: { [image]: aDigest('b') } } as ApplicationRecord;
    const journal = { ...moved.journal, applications: new Map([['shop', record]]) };
    const answered = withLookup({ ...moved, journal }, { answeredAt: moved.now });

    const { steps, entries } = decide(answered);

    expect(words(steps)).toEqual([`host-1 pulls ${image}@${aDigest('b')}`]);
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'image-pinned', application: 'shop' }),
    );
    const stale = withLookup({ ...moved, journal }, { answeredAt: moved.now - 60_000 });
    expect(decide(stale).lookups).toHaveLength(1);
  });

  it('use what they have when the registry does not answer, asked through another host next', () => {
    const refused = withLookup(moved, { failures: 1, retryAt: moved.now + 1 });

    expect(words(decide(refused).steps)).toContain('host-1 create-container');
    const again = decide({ ...refused, now: refused.now + 1 });
    expect(again.lookups).toMatchObject([{ host: 'host-2' }]);
  });

  it('are planned by the tag, since a plan asks no registry', () => {
    const { waves, last } = predict(moved);

    expect(words(waves.flat())).toContain('host-1 create-container');
    expect(last.settled).toBe(true);
  });
});

describe('a version with pull_policy: always', () => {
  const down = { class: 'infrastructure', reason: 'RegistryUnavailable', message: 'no' } as const;
  const asking = anApplication([
    aService({ replicas: 2, pullPolicy: 'always', container: { image } }),
  ]);
  const coming = { ...agreed, desired: aWorld([asking], names).desired };
  const opening = decide(coming);
  const always = { ...coming, journal: opening.entries.reduce(reduceJournal, coming.journal) };

  it('asks when its rollout has begun, and not before', () => {
    expect(opening).toMatchObject({ steps: [], lookups: [] });
    expect(decide(withLookup(always, { answeredAt: always.now - 1 })).lookups).toHaveLength(1);
  });

  it('begins with what the registry says, whatever its hosts have', () => {
    expect(decide(always)).toMatchObject({ steps: [], lookups: [{ key, image }] });

    const record = { ...recordOf(always), tags: { [image]: aDigest('b') } } as ApplicationRecord;
    const journal = { ...always.journal, applications: new Map([['shop', record]]) };
    const { steps } = decide(withLookup({ ...always, journal }, { answeredAt: always.now }));

    expect(words(steps)).toEqual(names.map((name) => `${name} pulls ${image}@${aDigest('b')}`));
  });

  it('waits for the registry, and says so', () => {
    const retryAt = always.now + 10;
    const decision = decide(withLookup(always, { failure: down, failures: 1, retryAt }));

    expect(decision).toMatchObject({ steps: [], lookups: [], wakeAt: retryAt });
    expect(stalledBy(decision)).toBe('RegistryUnavailable');
    expect(
      decide(withLookup({ ...always, now: retryAt }, { failure: down, failures: 1, retryAt }))
        .lookups,
    ).toHaveLength(1);
  });

  it('asks nothing once it has proved itself', () => {
    const proven = run(agreed).world;
    const same = { ...proven, desired: always.desired };

    expect(run(same)).toMatchObject({ steps: [], last: { lookups: [] } });
  });

  it('is planned by the tag', () => {
    expect(predict(always).last.settled).toBe(true);
  });
});

describe('a version with pull_policy: never', () => {
  const service = aService({
    replicas: 2,
    pullPolicy: 'never',
    tagMoved: 'report',
    container: { image },
  });
  const never = { ...moved, desired: aWorld([anApplication([service])], names).desired };

  it('uses what each host was given, and asks nothing', () => {
    const { world, last } = run(never);

    expect(running(world)).toEqual([image, image]);
    expect(last).toMatchObject({ lookups: [], drift: [] });
    expect(recordOf(world)?.pins).toBeUndefined();
  });

  it('is not pulled where it is missing, and says so', () => {
    const decision = decide(seeing(never, aHostWith('host-2')));

    expect(decision.steps).toEqual([]);
    expect(stalledBy(decision)).toBe('ImageNotFound');
    expect(decisionOf(decision).conditions.at(-1)?.message).toContain('pull_policy is never');
  });
});

describe('a version that has its digest', () => {
  const deployed = run(agreed).world;
  const third = aHostWith('host-3', aPulledImage('b'));

  it('keeps it for instances that are added, where the tag means another one by now', () => {
    const hosts = [...names, 'host-3'];
    const more = anApplication(shop(3).services, {});
    const grown = seeing(
      commit({ ...deployed, desired: aWorld([more], hosts).desired }, [more], 2),
      third,
    );

    const { steps } = decide(grown);

    expect(words(steps)).toEqual([`host-3 pulls ${pinned}`]);
  });

  it('keeps it for repairs', () => {
    const host = deployed.observations.get(containers(deployed)[0]?.host ?? ('' as never));
    const tagMoved =
      host?.kind === 'reachable'
        ? seeing(deployed, {
            ...host,
            images: [aPulledImage('a', { tags: [] }), aPulledImage('b')],
          })
        : deployed;
    let isFirst = true;
    const broken = edit(tagMoved, (container) => {
      const isLost = isFirst;
      isFirst = false;
      return isLost ? null : container;
    });

    expect(running(run(broken).world)).toEqual([pinned, pinned]);
  });

  it.each([
    ['the image that they name', (world: World) => world],
    [
      'the digest of the image that they run, when they were made before digests were kept',
      (world: World) =>
        edit(world, (container) => ({
          ...container,
          imageId: 'sha256:config-a',
          spec: { ...container.spec, image },
        })),
    ],
  ])('learns it from its instances when the journal is lost: from %s', (_name, made) => {
    const lost = made({ ...deployed, journal: aWorld([shop()], names).journal });

    const { steps, world } = run(lost);

    expect(steps).toEqual([]);
    expect(recordOf(world)?.pins).toMatchObject([{ service: 'web', digest: aDigest('a') }]);
  });

  it('takes none from instances that have nothing in common', () => {
    let digit = 'a';
    const mixed = edit({ ...deployed, journal: emptyJournal }, (container) => {
      const spec = { ...container.spec, image: `${image}@${aDigest(digit)}` };
      digit = 'b';
      return { ...container, spec };
    });

    const { steps, world } = run(mixed);

    expect(steps).toEqual([]);
    expect(recordOf(world)?.pins).toBeUndefined();
  });
});

describe('an image with another name and the same id', () => {
  const stranger = aPulledImage('z', { tags: ['mirror:5000/app:stable'], digests: [] });
  const world = seeing(
    run(agreed).world,
    ...[...run(agreed).world.observations.values()].map((host) =>
      host.kind === 'reachable' ? { ...host, images: [aPulledImage('a'), stranger] } : host,
    ),
  );
  const renamed = (imageId: string): World =>
    edit({ ...world, journal: aWorld([shop()], names).journal }, (container) => ({
      ...container,
      imageId,
      spec: { ...container.spec, image: 'mirror:5000/app:stable' },
    }));

  it('is no drift', () => {
    expect(run(renamed('sha256:config-a')).steps).toEqual([]);
  });

  it('is drift when the id is another one', () => {
    const { last, steps } = run(renamed('sha256:config-z'));

    expect(steps.map(({ action }) => action.kind)).toContain('create-container');
    expect(decisionOf(last).health).toBe('healthy');
  });
});
