import { describe, expect, it } from 'vitest';

import type { HostName } from '../../../src/model/names.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  aHost,
  anApplication,
  anUnreachableHost,
  aReachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import { answerOf, asking, countLive, deployed, idsOf, play, playUntil, shop } from './play.ts';
import type { Fate, Run } from './scenario.ts';
import { commit, containers, decisionOf, run } from './scenario.ts';

const minute = 60_000;
const volume = { type: 'volume', source: 'shop_data', target: '/data', readOnly: false } as const;
const port = { target: 80, protocol: 'tcp', hostIp: '', published: '8080' } as const;

/** Four slots on two hosts, and a third one that came later. */
function lopsided(facts: ServiceFacts = {}): World {
  return withHost3(deployed('v1', { replicas: 4, ...facts }, ['host-1', 'host-2']));
}

function withHost3(world: World): World {
  const { desired, observations } = world;
  const hosts = [...desired.fleet.hosts, aHost('host-3')];
  return {
    ...world,
    desired: { ...desired, fleet: { ...desired.fleet, hosts } },
    observations: new Map([...observations, [toHostName('host-3'), aReachableHost('host-3')]]),
  };
}

function asked(world: World, maxMoves?: number, application = ''): World {
  const { requests, ...rest } = asking(world, 'rebalance', application);
  const limit = maxMoves === undefined ? {} : { maxMoves };
  return { ...rest, requests: requests.map((request) => ({ ...request, ...limit })) };
}

function perHost(world: World): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { host } of containers(world)) counts[host] = (counts[host] ?? 0) + 1;
  return counts;
}

function openMoves({ journal }: World): readonly (HostName | undefined)[] {
  return [...journal.slots.values()].map(({ movesTo }) => movesTo).filter((to) => to !== undefined);
}

/** Why moves ended, in the order of their ends. */
function ends({ entries }: Run): readonly string[] {
  return entries.flatMap((entry) => (entry.kind === 'move-ended' ? [entry.reason] : []));
}

/** What is made on the third host never becomes healthy. */
const unwellThere: Fate = ({ host }) => (host === 'host-3' ? { health: 'starting' } : {});

describe('a request to rebalance', () => {
  it('moves what is uneven start-first within the budget, and then nothing more', () => {
    let fewest = 4;
    let most = 4;
    const before = lopsided();
    const done = play(asked(before), 5 * minute, {
      watch: (seen, decision) => {
        fewest = Math.min(fewest, decisionOf(decision).services[0]?.available ?? 0);
        most = Math.max(most, countLive(seen));
      },
    });

    expect(perHost(done.world)).toEqual({ 'host-1': 2, 'host-2': 1, 'host-3': 1 });
    expect(fewest).toBe(4);
    expect(most).toBe(5);
    expect(ends(done)).toEqual(['it is on host-3']);
    expect(openMoves(done.world)).toEqual([]);
    expect(run(done.world).steps).toEqual([]);
  });

  it('is the cause of its steps', () => {
    const created = play(asked(lopsided()), minute).steps.find(
      ({ action }) => action.kind === 'create-container',
    );

    expect(created?.cause.reason).toMatch(
      /^it moves from host "host-\d", as somebody asked to even out the fleet$/,
    );
  });

  it('says which slots move', () => {
    expect(answerOf(play(asked(lopsided()), minute))).toEqual({
      accepted: true,
      message: expect.stringMatching(/^shop\/web\/\d moves from host-\d to host-3$/),
    });
  });

  it('is answered once, with nothing to move when all is even', () => {
    const { world, ...first } = play(asked(lopsided()), 5 * minute);
    const again = play(asked({ ...world, requests: [] }), 5 * minute);

    expect(answerOf({ world, ...first }).accepted).toBe(true);
    expect(again.steps).toEqual([]);
    expect(answerOf(again).message).toBe(
      'nothing moves: what may move is spread as evenly as it can be',
    );
  });

  it.each([1, 2])('moves at most %d', (most) => {
    const before = withHost3(deployed('v1', { replicas: 9 }, ['host-1', 'host-2']));

    expect(perHost(play(asked(before, most), 5 * minute).world)['host-3']).toBe(most);
  });

  it('about an application that is not there is turned down', () => {
    expect(answerOf(play(asked(lopsided(), 1, 'blog'), minute))).toEqual({
      accepted: false,
      message: 'the repository has no application "blog"',
    });
  });

  it('moves a service with a port of its host start-first, to a host where the port is free', () => {
    const facts = { name: 'api', replicas: 1, container: { ports: [port] } };
    const both = [aService(facts), aService({ ...facts, name: 'web', container: {} })];
    const before = run(aWorld([anApplication(both)], ['host-1'])).world;
    let fewest = 2;
    const { world } = play(asked(withHost3(before)), 5 * minute, {
      watch: (_, decision) => {
        const available = decisionOf(decision).services.map((one) => one.available);
        fewest = Math.min(fewest, ...available.map((own) => own + 1));
      },
    });

    expect(perHost(world)).toEqual({ 'host-1': 1, 'host-3': 1 });
    expect(fewest).toBe(2);
  });

  it.each<[string, ServiceFacts]>([
    ['has data', { container: { mounts: [{ ...volume, noCopy: false }] } }],
    ['is to be replaced stop-first', { update: { order: 'stop-first' } }],
    ['may have no instance beside', { update: { maxSurge: { kind: 'count', count: 0 } } }],
    ['runs to its end', { container: { restart: { name: 'no', maximumRetryCount: 0 } } }],
  ])('moves nothing that %s', (_, facts) => {
    expect(play(asked(lopsided(facts)), minute).steps).toEqual([]);
  });

  it('moves no slot of a version that has not proved itself', () => {
    const next = commit(lopsided(), shop('v2', { replicas: 4 }), 2);

    expect(answerOf(play(asked(next), minute)).message).toContain('nothing moves');
  });
});

describe('a move that was asked for', () => {
  it('goes on after the operator was killed at any moment', () => {
    const counts = new Set<number>();
    play(asked(lopsided()), 30_000, {
      watch: (seen) => {
        // All that is remembered is the journal; what is under way and what failed is not.
        const restarted = { ...seen, failures: new Map(), watchingSince: seen.now };
        const { world } = play(restarted, minute);
        counts.add(perHost(world)['host-3'] ?? 0);
        expect(countLive(world)).toBe(4);
      },
    });

    expect([...counts]).toEqual([1]);
  });

  it('is given up when the slot is not well there, and the slot serves on where it is', () => {
    const before = lopsided();
    const ids = idsOf(before);
    const done = play(asked(before), 10 * minute, { fate: unwellThere });

    expect(ends(done)).toEqual([expect.stringContaining('on host-3: ')]);
    expect(idsOf(done.world)).toEqual(ids);
    expect(done.last.settled).toBe(true);
  });

  it('is given up when its host refuses to make it', () => {
    const before = lopsided();
    const done = play(asked(before), 10 * minute, {
      refuse: ({ host, action }) =>
        host === 'host-3' && action.kind === 'create-container'
          ? { class: 'capacity', reason: 'PortConflict', message: 'the port is taken' }
          : null,
    });

    expect(ends(done)).toEqual(['on host-3: the port is taken']);
    expect(idsOf(done.world)).toEqual(idsOf(before));
    expect(done.last.settled).toBe(true);
  });

  it('is given up when its image is not to be had there', () => {
    const before = withoutImages(lopsided(), 'host-3');
    const done = play(asked(before), 10 * minute, {
      refuse: ({ action }) =>
        action.kind === 'pull-image'
          ? { class: 'revision', reason: 'ImageNotFound', message: 'it is not there' }
          : null,
    });

    expect(ends(done)).toEqual(['on host-3: it is not there']);
    expect(idsOf(done.world)).toEqual(idsOf(before));
    expect(done.last.settled).toBe(true);
  });

  it('is given up when its host goes away before it is there', () => {
    const started = playUntil(asked(lopsided()), (seen) => openMoves(seen).length > 0).world;
    const observations = new Map(started.observations);
    observations.set(toHostName('host-3'), anUnreachableHost('host-3'));
    const done = play({ ...started, observations, requests: [] }, minute);

    expect(openMoves(started)).toEqual(['host-3']);
    expect(ends(done)).toEqual(['host-3 does not take it any more']);
    expect(countLive(done.world)).toBe(4);
    expect(done.steps).toEqual([]);
  });

  it('ends with its slot', () => {
    const { desired, ...started } = playUntil(
      asked(lopsided()),
      (seen) => openMoves(seen).length > 0,
    ).world;
    const fewer = { ...desired, applications: shop('v1', { replicas: 0 }) };
    const { world } = play({ ...started, desired: fewer, requests: [] }, minute);

    expect(openMoves(world)).toEqual([]);
    expect(countLive(world)).toBe(0);
  });

  it('takes a new version along', () => {
    const started = playUntil(asked(lopsided()), (seen) => openMoves(seen).length > 0).world;
    const next = commit({ ...started, requests: [] }, shop('v2', { replicas: 4 }), 2);
    const { world } = play(next, 10 * minute);

    expect(perHost(world)).toEqual({ 'host-1': 2, 'host-2': 1, 'host-3': 1 });
    expect(idsOf(world, 'v2').size).toBe(4);
    expect(openMoves(world)).toEqual([]);
  });
});

function withoutImages(world: World, host: string): World {
  const observations = new Map(world.observations);
  observations.set(toHostName(host), aReachableHost(host, { images: [] }));
  return { ...world, observations };
}
