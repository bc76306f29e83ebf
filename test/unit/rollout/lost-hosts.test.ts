import { describe, expect, it } from 'vitest';

import { toHostName } from '../../../src/model/names.ts';
import type { HostObservation } from '../../../src/model/observation.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aConstraint, anUnreachableHost, aReachableHost } from '../../support/builders.ts';
import { answerOf, askingAbout, countLive, deployed, idsOf, play, shop, stepsOn } from './play.ts';
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

const minute = 60_000;
const lostAfter = 5 * minute;
const data = { type: 'volume', source: 'shop_data', target: '/data' } as const;
const stateful: ServiceFacts = {
  container: { mounts: [{ ...data, readOnly: false, noCopy: false }] },
};
const five = ['host-1', 'host-2', 'host-3', 'host-4', 'host-5'];
const three = { replicas: 3 };

/** These hosts are out of sight from now on. */
function without(world: World, ...hosts: readonly string[]): World {
  const since = world.now;
  return seeing(world, ...hosts.map((host) => anUnreachableHost(host, { since })));
}

/** A host is back as it was, with what has become of its containers. */
function back(world: World, before: World, host: string): World {
  const seen = before.observations.get(toHostName(host));
  if (seen?.kind !== 'reachable') throw new Error(`host "${host}" was there`);
  return seeing(world, { ...seen, watchedSince: world.now });
}

function takenOut(world: World, host: string): World {
  const { fleet } = world.desired;
  const hosts = fleet.hosts.filter(({ name }) => name !== host);
  const observations = new Map([...world.observations].filter(([name]) => name !== host));
  return { ...world, observations, desired: { ...world.desired, fleet: { ...fleet, hosts } } };
}

function hostsOf(world: World): readonly string[] {
  return containers(world)
    .map(({ host }): string => host)
    .toSorted();
}

function onlyHost(world: World): string {
  const [host = ''] = hostsOf(world);
  return host;
}

describe('a host that is lost', () => {
  const before = deployed('v1', three);

  it('keeps its slots until it has been away for as long as fleet.yaml says', () => {
    const { steps, world } = play(without(before, 'host-2'), lostAfter);

    expect(steps).toEqual([]);
    expect(decide(world).steps).not.toEqual([]);
  });

  it('keeps its slots as long as it is not certain that it is away', () => {
    const since = before.now;
    const unsure = seeing(before, anUnreachableHost('host-2', { since, isUncertain: true }));

    const { steps, last } = play(unsure, 60 * minute);

    expect(steps).toEqual([]);
    expect(last.placed.standing.hosts[1]).toMatchObject({ state: 'unreachable' });
  });

  it('is looked at again when that time has come', () => {
    const later = { ...without(before, 'host-2'), now: before.now + minute };

    expect(decide(later).wakeAt).toBe(before.now + lostAfter);
    expect(decisionOf(decide(later)).waiting).toMatchObject([
      { kind: 'host', host: 'host-2', until: before.now + lostAfter },
    ]);
  });

  it('has its slots filled elsewhere, with a higher epoch, and nothing else is touched', () => {
    const { world, steps, last } = play(without(before, 'host-2'), lostAfter + 2 * minute);

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
    expect(hostsOf(world)).not.toContain('host-2');
    expect(stepsOn(steps, idsOf(before))).toEqual([]);
    expect(steps.find(({ action }) => action.kind === 'create-container')).toMatchObject({
      action: { identity: { epoch: 2 } },
      cause: { path: 'deploy.placement', reason: 'it was given up on host "host-2"' },
    });
    expect(last.settled).toBe(true);
  });

  it.each<[string, ServiceFacts]>([
    ['a singleton', { singleton: true }],
    ['one with a named volume', stateful],
    ['one whose manifest says never', { replaceAfterMs: null }],
    ['work that ends', { container: { restart: { name: 'no', maximumRetryCount: 0 } } }],
  ])('leaves %s where it is, and says so', (_, facts) => {
    const start = deployed('v1', facts);
    const host = onlyHost(start);
    const { steps, last } = play(without(start, host), 60 * minute);

    expect(steps).toEqual([]);
    expect(stalledBy(last)).toBe('HostUnreachable');
    expect(last.placed.departures.get('shop/web/1')).toMatchObject({ host, at: null });
  });

  it('leaves one where it is that no other host admits', () => {
    const facts = { constraints: [aConstraint('node.hostname == host-2')] };
    const start = deployed('v1', facts);
    const { steps, last } = play(without(start, 'host-2'), 60 * minute);

    expect(steps).toEqual([]);
    expect(last.placed.placement.staying.get('shop/web/1')).toBe(
      '0 of 3 hosts: 2 constraint node.hostname == host-2, 1 unreachable',
    );
    expect(last.wakeAt ?? Infinity).toBeGreaterThan(start.now + 60 * minute);
  });

  it('waits as long as the manifest says, if that is longer, also with data', () => {
    const start = deployed('v1', { ...stateful, replaceAfterMs: 10 * minute });
    const away = without(start, onlyHost(start));

    expect(play(away, 10 * minute).steps).toEqual([]);
    expect(running(play(away, 12 * minute).world)).toEqual(['testapp:v1']);
  });

  it('no longer holds up a rollout, which goes on elsewhere', () => {
    const start = commit(without(before, 'host-2'), shop('v2', three), 2);

    const { world, last } = play(start, lostAfter + 4 * minute);

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(last.settled).toBe(true);
  });

  it('is begun to be replaced ten seconds after another one', () => {
    const start = deployed('v1', { replicas: 5 }, five);
    const first = without(start, 'host-1');
    const later = without({ ...first, now: first.now + 3 * minute }, 'host-2');
    const longLost = { ...later, now: later.now + lostAfter, watchingSince: later.now };
    const departures = decide(longLost).placed.departures;

    expect([...departures.values()].map(({ at }) => at ?? 0).toSorted((a, b) => a - b)).toEqual([
      later.now + lostAfter,
      later.now + lostAfter + 10_000,
    ]);
  });
});

describe('after a start of the operator', () => {
  const before = deployed('v1', { replicas: 5 }, five);
  const startedAt = before.now + 60 * minute;

  function restarted(...seen: readonly HostObservation[]): World {
    return { ...seeing(before, ...seen), watchingSince: startedAt, now: startedAt };
  }

  it('what was away before has its time from then on', () => {
    const since = before.now;
    const start = restarted(anUnreachableHost('host-1', { since }));

    expect(play(start, lostAfter).steps).toEqual([]);
    expect(play(start, lostAfter + minute).steps).not.toEqual([]);
  });

  it('no host is given up before each was seen once, or the grace is over', () => {
    const quick = { ...before.desired.fleet, failure: { lostAfterMs: minute } };
    const since = startedAt;
    const start = restarted(anUnreachableHost('host-1', { since, neverSeen: true }));
    const world = { ...start, desired: { ...start.desired, fleet: quick } };

    expect(play(world, 2 * minute).steps).toEqual([]);
    expect(play(world, 3 * minute).steps).not.toEqual([]);
  });
});

describe('an operator that may be cut off itself', () => {
  const before = deployed('v1', { replicas: 5 }, five);

  it.each<[string, World, string]>([
    [
      'half of the hosts at once',
      without(before, 'host-1', 'host-2', 'host-3'),
      '3 of 5 hosts went out of sight within 2 minutes',
    ],
    ['every host', without(before, ...five), 'no host can be reached'],
    [
      'one host and the repository',
      { ...without(before, 'host-1'), sourceAwaySince: before.now },
      'nor can the repository be reached',
    ],
  ])('replaces nothing: %s', (_, start, why) => {
    const { steps, last } = play(start, 60 * minute);

    expect(steps).toEqual([]);
    expect(last.placed.standing.isolation).toBe(why);
    expect(stalledBy(last)).toBe('ControllerIsolated');
  });

  it('replaces what is lost at different times', () => {
    const first = play(without(before, 'host-1'), 10 * minute).world;
    const second = play(without(first, 'host-2'), 10 * minute).world;
    const { world, last } = play(without(second, 'host-3'), 10 * minute);

    expect(running(world)).toHaveLength(5);
    expect(last.placed.standing.isolation).toBeNull();
  });

  it('remembers over a restart which hosts went at different times', () => {
    const first = play(without(before, 'host-1'), 10 * minute).world;
    const second = play(without(first, 'host-2', 'host-3'), 10 * minute).world;
    const { now } = second;
    const since = now;
    const seen = ['host-1', 'host-2', 'host-3'].map((host) => anUnreachableHost(host, { since }));

    const { standing } = decide({ ...seeing(second, ...seen), watchingSince: now }).placed;

    expect(standing.isolation).toBeNull();
    expect(standing.hosts.map(({ awaySince }) => awaySince)).toEqual([
      before.now,
      first.now,
      first.now,
      null,
      null,
    ]);
  });

  it('is no reason to give up what answers, but cannot be believed', () => {
    const since = before.now;
    const twins = seeing(before, anUnreachableHost('host-1', { since, answers: true }));

    expect(play(twins, 60 * minute).steps).toEqual([]);
  });
});

describe('a host that is back after its slots were given to others', () => {
  const before = deployed('v1', three);
  const replaced = play(without(before, 'host-2'), lostAfter + 2 * minute).world;
  const returned = back(replaced, before, 'host-2');

  it('has its instances retired, and nothing else moves', () => {
    const { world, steps, last } = run(returned);

    expect(idsOf(world)).toEqual(idsOf(replaced));
    expect(new Set(steps.map(({ host }) => host))).toEqual(new Set(['host-2']));
    expect(steps.map(({ action }) => action.kind)).toEqual([
      'update-container',
      'stop-container',
      'remove-container',
    ]);
    expect(last.settled).toBe(true);
  });

  it('keeps its instance when the other one is not well', () => {
    const young = [...idsOf(replaced)].find((id) => !idsOf(before).has(id));
    const sick = edit(returned, (one) =>
      one.id === young ? { ...one, health: 'unhealthy' } : one,
    );

    const { world, last } = run(sick);

    expect(idsOf(world)).toEqual(idsOf(before));
    expect(last.settled).toBe(true);
  });

  it('keeps its instance while the other one is on probation, and loses it to no one', () => {
    const begun = play(without(before, 'host-2'), lostAfter + 2_000, {}).world;
    const { world } = run(back(begun, before, 'host-2'));

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
  });

  it('has what is of an older version retired', () => {
    const rolled = run(commit(replaced, shop('v2', three), 2)).world;

    const { world, steps } = run(back(rolled, before, 'host-2'));

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(new Set(steps.map(({ host }) => host))).toEqual(new Set(['host-2']));
  });
});

describe('fence', () => {
  const alone: ServiceFacts = { singleton: true };
  const before = deployed('v1', alone);
  const host = onlyHost(before);
  const away = play(without(before, host), 10 * minute).world;
  const fenced = play(askingAbout(away, 'fence', host), 2 * minute);

  it('has a singleton made elsewhere at once', () => {
    expect(answerOf(fenced)).toMatchObject({ accepted: true });
    expect(countLive(fenced.world)).toBe(1);
    expect(onlyHost(fenced.world)).not.toBe(host);
  });

  it('has the duplicate stopped at once when the host is back, and the host is not used', () => {
    const { world, steps } = run(back(fenced.world, before, host));
    const more = run(commit(world, shop('v1', { replicas: 6 }), 2)).world;

    expect(idsOf(world)).toEqual(idsOf(fenced.world));
    expect(new Set(steps.map((step) => step.host))).toEqual(new Set([host]));
    expect(hostsOf(more)).not.toContain(host);
  });

  it('ends with unfence, which moves nothing back', () => {
    const returned = run(back(fenced.world, before, host)).world;
    const free = run(askingAbout(returned, 'unfence', host));
    const more = run(commit(free.world, shop('v1', { replicas: 6 }), 2)).world;

    expect(free.steps).toEqual([]);
    expect(hostsOf(more)).toContain(host);
  });

  it('needs no time, and holds for a host that went together with others', () => {
    const all = deployed('v1', three);
    const start = without(all, 'host-1', 'host-2');

    const { world } = play(askingAbout(start, 'fence', 'host-1'), minute);

    expect(running(world)).toHaveLength(2);
  });

  it('makes no data anew', () => {
    const start = deployed('v1', stateful);
    const lost = without(start, onlyHost(start));
    const { steps, last } = play(askingAbout(lost, 'fence', onlyHost(start)), 10 * minute);

    expect(steps).toEqual([]);
    expect(last.placed.departures.get('shop/web/1')?.why).toBe(
      'its data is there (volume "shop_data")',
    );
  });

  it('of the only host leaves a global service without a slot, which proves nothing', () => {
    const global: ServiceFacts = { mode: 'global' };
    const start = deployed('v1', global, ['host-1']);
    const lost = play(askingAbout(without(start, 'host-1'), 'fence', 'host-1'), minute).world;
    const empty = aReachableHost('host-1', { watchedSince: lost.now });
    const next = commit(seeing(lost, empty), shop('v2', global), 2);
    const forgotten = { ...next, journal: { ...next.journal, slots: new Map() } };

    expect(play(forgotten, 10 * minute).entries.map(({ kind }) => kind)).not.toContain('succeeded');
  });

  it.each<[string, World, 'fence' | 'unfence', string]>([
    ['a host that answers', before, 'fence', host],
    ['a host that is not there', before, 'fence', 'host-9'],
    ['a host that is not fenced', before, 'unfence', host],
  ])('is turned down for %s', (_, world, kind, name) => {
    const { accepted, message } = answerOf(play(askingAbout(world, kind, name), 2_000));

    expect(accepted).toBe(false);
    expect(message).not.toBe('');
  });
});

describe('a host that was taken out of fleet.yaml without a drain', () => {
  it('gets no step, and its slots are filled elsewhere', () => {
    const before = deployed('v1', three);
    const { world, steps } = run(takenOut(before, 'host-2'));

    expect(running(world)).toHaveLength(3);
    expect(stepsOn(steps, idsOf(before))).toEqual([]);
  });

  it.each<[string, ServiceFacts]>([
    ['a singleton', { singleton: true }],
    ['one with data there', stateful],
  ])('has %s begun anew only when somebody has said that it is gone', (_, facts) => {
    const before = deployed('v1', facts);
    const host = onlyHost(before);
    const { steps, last, world } = play(takenOut(before, host), 60 * minute);
    const fenced = play(askingAbout(world, 'fence', host), 2 * minute);

    expect(steps).toEqual([]);
    expect(stalledBy(last)).toBe('Unplaceable');
    expect(decisionOf(last).conditions[0]?.message).toContain(`fleetwright fence ${host}`);
    expect(running(fenced.world)).toEqual(['testapp:v1']);
  });
});
