import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import type { ImageGc } from '../../../src/model/fleet.ts';
import type { JournalEntry } from '../../../src/model/journal-state.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import { toHostName, toSpecHash } from '../../../src/model/names.ts';
import type { ObservedImage, ReachableHost } from '../../../src/model/observation.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { decideImageGc } from '../../../src/rollout/decide-image-gc.ts';
import { isEmptyPlan } from '../../../src/rollout/plan-hash.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import {
  aCommit,
  aForeignContainer,
  anApplication,
  aReachableHost,
  aService,
  aWorld,
  origin,
} from '../../support/builders.ts';
import { aDigest, aPulledImage } from '../../support/image-digests.ts';
import { containers, run, seeing } from './scenario.ts';

const hour = 3_600_000;
const day = 24 * hour;
const weekly: ImageGc = { unusedForMs: 7 * day, keep: 2, atMost: 20, origin };
const host = toHostName('host-1');

/** A tag of the repository for each image, so that all can be on one host. */
function image(digit: string, facts: Partial<ObservedImage> = {}): ObservedImage {
  return aPulledImage(digit, { tags: [`registry:5000/app:${digit}`], ...facts });
}

function pulled(digit: string, facts: object = {}): JournalEntry {
  return {
    kind: 'image-pulled',
    host,
    id: `sha256:config-${digit}`,
    reference: `registry:5000/app:${digit}`,
    isNew: true,
    application: 'shop',
    at: 0,
    ...facts,
  };
}

function noting(world: World, ...entries: readonly JournalEntry[]): World {
  return { ...world, journal: entries.reduce(reduceJournal, world.journal) };
}

function ruled(world: World, gc: ImageGc | undefined): World {
  const { fleet } = world.desired;
  const { gc: _gc, ...rules } = fleet.image;
  const image = gc === undefined ? rules : { ...rules, gc };
  return { ...world, desired: { ...world.desired, fleet: { ...fleet, image } } };
}

/** A host on which these images were pulled for the fleet, and a commit that asks for nothing. */
function idle(digits: readonly string[], facts: Partial<ReachableHost> = {}): World {
  const images = digits.map((digit) => image(digit));
  const seen = aReachableHost('host-1', { images, ...facts });
  const world = seeing(aWorld([], ['host-1']), seen);
  return ruled(noting(world, ...digits.map((digit) => pulled(digit))), weekly);
}

/** The same world, so much later, after what it has noted by itself until now. */
function after(world: World, ms: number): World {
  const noted = noting(world, ...decideImageGc(world).entries);
  return { ...noted, now: world.now + ms };
}

function removed(world: World): readonly string[] {
  return decideImageGc(world).steps.flatMap(({ action }) =>
    action.kind === 'remove-image' ? [action.name] : [],
  );
}

describe('an image that was pulled and that nothing needs', () => {
  it('is removed when its time has come, with the line that says so', () => {
    const world = idle(['a']);

    const first = decideImageGc(world);
    const later = after(world, 7 * day);

    expect(first).toMatchObject({ steps: [], reviewAt: world.now + 7 * day });
    expect(removed(after(world, 7 * day - 1))).toEqual([]);
    expect(decideImageGc(later).steps).toMatchObject([
      {
        host,
        application: 'shop',
        action: { kind: 'remove-image', id: 'sha256:config-a', name: 'registry:5000/app:a' },
        cause: { path: 'image.gc', origin, reason: 'nothing has needed it for 7 days' },
      },
    ]);
    expect(decide(later).steps).toEqual(decideImageGc(later).steps);
  });

  it('stays where fleet.yaml does not ask for it', () => {
    const world = after(ruled(idle(['a']), undefined), 100 * day);

    expect(decideImageGc(world)).toEqual({ steps: [], entries: [], reviewAt: null });
  });

  it('begins its time anew when something has needed it meanwhile', () => {
    const world = after(idle(['a']), 6 * day);
    const user = { ...aForeignContainer('db'), imageId: 'sha256:config-a' };
    const used = aReachableHost('host-1', { images: [image('a')], unmanaged: [user] });
    const free = aReachableHost('host-1', { images: [image('a')] });

    const again = seeing(after(seeing(world, used), 2 * day), free);

    expect(removed(again)).toEqual([]);
    expect(decideImageGc(again).reviewAt).toBe(again.now + 7 * day);
  });

  it.each<[string, Partial<ReachableHost>]>([
    [
      'a container of others has it, be it stopped',
      { unmanaged: [{ ...aForeignContainer('db'), imageId: 'sha256:config-a', state: 'exited' }] },
    ],
    [
      'somebody has given it another name',
      { images: [image('a', { tags: ['registry:5000/app:a', 'mine:1'] })] },
    ],
    ['it was not pulled for the fleet', { images: [image('b')] }],
  ])('stays when %s', (_name, facts) => {
    expect(removed(after(idle(['a'], facts), 100 * day))).toEqual([]);
  });

  it('stays while its host cannot be seen', () => {
    const world = after(idle(['a']), 100 * day);
    const away = { kind: 'unreachable', host, since: 0, reason: 'no answer' } as const;

    expect(decideImageGc(seeing(world, away))).toMatchObject({ steps: [], entries: [] });
  });

  it('is forgotten when somebody else has removed it, though not by a picture from before the pull', () => {
    const none = aReachableHost('host-1', { observedAt: 500 });
    const late = seeing(noting(idle(['a']), pulled('a', { at: 501 })), none);
    const gone = seeing(noting(idle(['a']), pulled('a', { at: 500 })), none);

    expect(decideImageGc(late).entries).toEqual([]);
    expect(decideImageGc(gone).entries).toEqual([
      { kind: 'image-gone', host, id: 'sha256:config-a' },
    ]);
  });
});

describe('removals', () => {
  it('go one by one on a host, the longest unused first', () => {
    const first = after(idle(['b']), hour);
    const both = aReachableHost('host-1', { images: [image('a'), image('b')] });
    const world = after(seeing(noting(first, pulled('a')), both), 30 * day);
    const key = decideImageGc(world).steps[0]?.key ?? '';

    expect(removed(world)).toEqual(['registry:5000/app:b']);
    expect(removed({ ...world, inFlight: new Map([[key, 'remove-image']]) })).toEqual([]);
  });

  it('are so many in an hour and no more', () => {
    const budget = { ...weekly, atMost: 1 };
    const world = ruled(after(idle(['a', 'b']), 30 * day), budget);
    const left = aReachableHost('host-1', { images: [image('b')] });

    const next = seeing(after(world, hour / 2), left);

    expect(removed(world)).toHaveLength(1);
    expect(removed(next)).toEqual([]);
    expect(decideImageGc(next).reviewAt).toBe(world.now + hour);
    expect(removed(after(next, hour / 2))).toEqual(['registry:5000/app:b']);
  });

  it('that were refused are tried again after an hour', () => {
    const world = after(idle(['a']), 30 * day);

    expect(removed(after(world, hour - 1))).toEqual([]);
    expect(removed(after(world, hour))).toEqual(['registry:5000/app:a']);
  });

  it('are shown by a plan, and are no change', () => {
    const prediction = predict(after(idle(['a']), 30 * day));

    expect(prediction.waves.flat()).toMatchObject([{ action: { kind: 'remove-image' } }]);
    expect(isEmptyPlan(prediction)).toBe(true);
  });
});

const good = { kind: 'succeeded', application: 'shop', at: 0, commit: aCommit(1) } as const;

function asking(tag: string, facts: Partial<ContainerSpec> = {}): ApplicationSpec {
  const container = { image: `registry:5000/app:${tag}`, ...facts };
  return anApplication([aService({ container })]);
}

function pinned(digit: string, hash: string): JournalEntry {
  const pin = { service: 'web', hash: toSpecHash(hash), digest: aDigest(digit), rolled: null };
  return { kind: 'image-pinned', application: 'shop', pin };
}

/** Two images were pulled, and no version is kept for being new. */
function asked(
  applications: readonly ApplicationSpec[],
  ...entries: readonly JournalEntry[]
): World {
  const seen = aReachableHost('host-1', { images: [image('a'), image('b')] });
  const world = seeing(aWorld(applications, ['host-1']), seen);
  return ruled(noting(world, pulled('a'), pulled('b'), ...entries), { ...weekly, keep: 0 });
}

/** What goes at first. */
function goes(world: World): readonly string[] {
  return removed(after(world, 30 * day));
}

describe('what a version needs', () => {
  it('is what the commit asks for, also when it does not run', () => {
    expect(goes(asked([asking('a')]))).toEqual(['registry:5000/app:b']);
  });

  it('is an image that a service mounts', () => {
    const mount = {
      type: 'image',
      source: 'registry:5000/app:a',
      target: '/x',
      readOnly: true,
    } as const;
    expect(goes(asked([asking('c', { mounts: [mount] })]))).toEqual(['registry:5000/app:b']);
  });

  it('is last-known-good of an application, also of one that is to be pruned', () => {
    const entry: JournalEntry = { ...good, spec: asking('a') };

    expect(goes(asked([asking('b')], entry))).toEqual([]);
    expect(goes(asked([], entry))).toEqual(['registry:5000/app:b']);
  });

  it('is the digest that last-known-good was made with, whatever its tag means by now', () => {
    const spec = asking('moving');
    const hash = spec.services[0]?.hash ?? '';
    const entry: JournalEntry = { ...good, spec };

    expect(goes(asked([], entry, pinned('a', hash)))).toEqual(['registry:5000/app:b']);
  });

  it('is the newest versions of a service, as many as are to be kept', () => {
    const world = asked([], pinned('b', 'h1'), pinned('a', 'h2'));

    expect(goes(ruled(world, { ...weekly, keep: 1 }))).toEqual(['registry:5000/app:b']);
    expect(goes(ruled(world, { ...weekly, keep: 2 }))).toEqual([]);
  });

  it('is what its tag means by now', () => {
    const seen: JournalEntry = {
      kind: 'tag-seen',
      application: 'shop',
      image: 'registry:5000/app:a',
      digest: aDigest('a'),
    };

    expect(goes(asked([], seen))).toEqual(['registry:5000/app:b']);
  });
});

it('nothing is made on a host while an image is removed there: it may be the one that is asked for', () => {
  const world = aWorld([anApplication([aService()])], ['host-1']);
  const inFlight = new Map([['host-1/unused-image/sha256:1', 'remove-image' as const]]);

  const held = decide({ ...world, inFlight });

  expect(held.steps).toEqual([]);
  expect(held.applications[0]?.waiting[0]).toMatchObject({
    kind: 'step',
    reason: 'an image is removed from its host',
  });
  expect(containers(run(world).world)).toHaveLength(1);
});
