import { describe, expect, it } from 'vitest';

import { aDesiredState, anUnreachableHost, aReachableHost } from '../../support/builders.ts';
import {
  bakeMs,
  begun,
  breaksLater,
  canary,
  images,
  manual,
  one,
  step,
  two,
  watched,
} from './canaries.ts';
import { answerOf, asking, count, deployed, idsOf, play, shop, stepsOn } from './play.ts';
import { commit, containers, decisionOf, run, running, seeing, stalledBy } from './scenario.ts';

describe('a canary in the middle of which', () => {
  it('more replicas are asked for: the new ones get the old version', () => {
    const { world } = play(commit(watched(one), shop('v2', { ...one, replicas: 6 }), 3), 40_000);

    expect(running(world)).toEqual(images(6, 1));
  });

  it('more replicas are asked for: a percentage reaches more slots', () => {
    const half = canary([step(50, 'percent', 5 * bakeMs)]);
    const start = watched(half, 2);

    const { world } = play(commit(start, shop('v2', { ...half, replicas: 6 }), 3), bakeMs);

    expect(running(world)).toEqual(images(6, 3));
  });

  it('fewer replicas are asked for: old ones go, the canary stays', () => {
    const { world } = play(commit(watched(one), shop('v2', { ...one, replicas: 2 }), 3), 40_000);

    expect(running(world)).toEqual(images(2, 1));
  });

  it('the commit is reverted: the canary goes, without a step on the others', () => {
    const start = watched(one);
    const old = idsOf(start, 'v1');

    const { world, steps, last } = run(commit(start, shop('v1', one), 3));

    expect(idsOf(world)).toEqual(old);
    expect(stepsOn(steps, old)).toEqual([]);
    expect(last.settled).toBe(true);
    expect(world.journal.applications.get('shop')?.rollout).toBeNull();
  });

  it('another commit arrives: its canaries take the place of the others, from the first step on', () => {
    const start = watched(two, 2);

    const { world } = play(commit(start, shop('v3', two), 3), bakeMs);

    expect(running(world)).toEqual([...images(4, 0), 'testapp:v3']);
  });

  it('the memory of the operator is lost: it goes on as if nothing were', () => {
    const start = watched(one);
    const old = idsOf(start, 'v1');

    const forgotten = { ...start, readiness: new Map(), failures: new Map() };
    const { world, steps } = play(forgotten, bakeMs - 10_000);

    expect(steps).toEqual([]);
    expect(idsOf(world, 'v1')).toEqual(old);
    expect(running(run(play(world, bakeMs).world).world)).toEqual(images(0, 4));
  });

  it('memory is lost at every pass: no step on the old ones before the promotion', () => {
    let world = begun(one);
    const old = idsOf(world);
    for (let passes = 0; passes < 20; passes += 1) {
      const after = play(world, 2_000);
      expect(stepsOn(after.steps, old)).toEqual([]);
      world = { ...after.world, readiness: new Map(), failures: new Map() };
    }
    expect(running(world)).toEqual(images(4, 1));
  });

  it('the host of the canary is away for a moment, long after the deadline: it is not held against it', () => {
    const long = canary([step(1, 'count', 60 * 60_000)]);
    const start = play(watched(long), 30 * 60_000).world;
    const host = containers(start).find(({ spec }) => spec.image === 'testapp:v2')?.host ?? '';
    const before = start.observations.get(host as never);
    if (before?.kind !== 'reachable') throw new Error('the canary has a host');

    const away = play(seeing(start, { ...anUnreachableHost(host), since: start.now }), 6_000);
    const back = play(seeing(away.world, { ...before, watchedSince: away.world.now }), 20_000);

    expect([...away.entries, ...back.entries].map(({ kind }) => kind)).not.toContain('quarantined');
    expect(running(back.world)).toEqual(images(4, 1));
  });
});

describe('a canary that waits for somebody', () => {
  const waiting = play(begun(manual), 5 * bakeMs).world;

  it('says so, and waits for ever', () => {
    const { world, last, steps } = play(waiting, 60 * 60_000);

    expect(steps).toEqual([]);
    expect(stalledBy(last)).toBe('AwaitingPromotion');
    expect(running(world)).toEqual(images(4, 1));
    const waits = decisionOf(last).waiting.find(({ kind }) => kind === 'promotion');
    expect(waits?.until).toBeNull();
  });

  it('goes on with "promote", with the whole deadline before it', () => {
    const long = play(waiting, 60 * 60_000).world;

    const promoted = play(asking(long, 'promote'), 120_000);

    expect(answerOf(promoted).accepted).toBe(true);
    expect(running(promoted.world)).toEqual(images(0, 4));
    expect(promoted.last.settled).toBe(true);
  });

  it('goes back with "abort", and with no step on the old ones', () => {
    const old = idsOf(waiting, 'v1');

    const aborted = play(asking(waiting, 'abort'), 120_000);

    expect(answerOf(aborted)).toMatchObject({ accepted: true });
    expect(idsOf(aborted.world)).toEqual(old);
    expect(stepsOn(aborted.steps, old)).toEqual([]);
    expect(stalledBy(aborted.last)).toBe('RolledBack');
  });

  it('fails like any other when its canary breaks', () => {
    const { world, last } = play(waiting, 60_000, { fate: breaksLater });

    expect(running(world)).toEqual(images(4, 0));
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('goes back when it is reverted', () => {
    const { world, last } = run(commit(waiting, shop('v1', manual), 3));

    expect(running(world)).toEqual(images(4, 0));
    expect(last.settled).toBe(true);
  });

  it('does not fail because the host of its canary is away for a moment', () => {
    const long = play(waiting, 60 * 60_000).world;
    const host = containers(long).find(({ spec }) => spec.image === 'testapp:v2')?.host ?? '';

    const { entries } = play(seeing(long, { ...anUnreachableHost(host), since: long.now }), 6_000);

    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
  });

  it('does not wait for the next commit: what was granted was for the one before', () => {
    const promoted = play(asking(waiting, 'promote'), 4_000).world;

    const { world, last } = play(commit(promoted, shop('v3', manual), 3), 5 * bakeMs);

    expect(stalledBy(last)).toBe('AwaitingPromotion');
    expect(count(world, 'v3')).toBe(1);
  });
});

describe('canaries of a global service', () => {
  const everywhere = canary([step(1)], { mode: 'global' });

  it('come on so many hosts', () => {
    const { world } = play(begun(everywhere), bakeMs);

    expect(running(world)).toEqual(images(3, 1));
    expect(running(run(play(world, bakeMs).world).world)).toEqual(images(0, 3));
  });

  it('do not wait for a host that is away', () => {
    const hosts = ['host-1', 'host-2', 'host-3'];
    const before = deployed('v1', everywhere, hosts);
    const away = seeing(before, anUnreachableHost('host-1'));

    const { world, last } = play(commit(away, shop('v2', everywhere), 2), 15 * 60_000);

    expect(stalledBy(last)).not.toBe('RolledBack');
    expect(running(world)).toEqual(images(0, 2));
  });

  it.each(['host-0', 'host-4'])('stay where they are when a host is added: %s', (name) => {
    const start = watched(everywhere);
    const hosts = ['host-1', 'host-2', 'host-3', name];
    const desired = aDesiredState(start.desired.applications, hosts, 2);
    const added = seeing({ ...start, desired }, aReachableHost(name));

    const { world, steps } = play(added, 40_000);

    expect(stepsOn(steps, idsOf(start))).toEqual([]);
    expect(running(world)).toEqual(images(4, 1));
  });
});
