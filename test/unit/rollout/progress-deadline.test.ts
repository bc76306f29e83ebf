import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { StepFailure } from '../../../src/model/step.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  aConstraint,
  anApplication,
  anUnreachableHost,
  aReachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import {
  asking,
  count,
  deployed,
  idsOf,
  made,
  neverReady,
  play,
  playUntil,
  shop,
  stepsOn,
} from './play.ts';
import { commit, containers, decisionOf, run, running, seeing, stalledBy } from './scenario.ts';
import type { Fate } from './scenario.ts';

const limit = 10 * 60_000;
const patient: ServiceFacts = { replicas: 2, gate: { healthyDeadlineMs: 24 * 60 * 60_000 } };

function begun(facts: ServiceFacts): World {
  return commit(deployed('v1', facts), shop('v2', facts), 2);
}

function isGivenUp(entries: readonly { readonly kind: string }[]): boolean {
  return entries.some(({ kind }) => kind === 'quarantined');
}

/** The host as it is from now on, after it could not be seen. */
function back(world: World, from: World, name: string): World {
  const host = [...from.observations.values()].find((one) => one.host === name);
  if (host?.kind !== 'reachable') throw new Error(`host "${name}" was there`);
  return seeing(world, { ...host, watchedSince: world.now });
}

function away(world: World, ...names: readonly string[]): World {
  return seeing(world, ...names.map((name) => ({ ...anUnreachableHost(name), since: world.now })));
}

const secondIsSlow: Fate = (container) =>
  container.labels['fleetwright.slot'] === '2' ? neverReady(container) : {};

const noneReady: Fate = () => ({ health: 'starting' });

const two = (tag: string): readonly ApplicationSpec[] => [
  anApplication([
    aService({
      ...patient,
      name: 'api',
      container: { image: `testapp:${tag}` },
      rollout: { progressDeadlineMs: 60_000 },
    }),
    aService({
      ...patient,
      name: 'web',
      container: { image: `testapp:${tag}` },
      rollout: { progressDeadlineMs: 300_000 },
    }),
  ]),
];

describe('a rollout without progress', () => {
  it('is rolled back at the deadline, and not before', () => {
    const start = begun(patient);
    const before = play(start, limit - 4_000, { fate: neverReady });
    const after = play(before.world, 60_000, { fate: neverReady });

    expect(isGivenUp(before.entries)).toBe(false);
    expect(stalledBy(after.last)).toBe('RolledBack');
    expect(idsOf(after.world)).toEqual(idsOf(start));
  });

  it('asks to be looked at again at the deadline', () => {
    const { last, world } = play(begun(patient), 60_000, { fate: neverReady });

    expect(last.wakeAt ?? 0).toBeLessThanOrEqual(limit + world.now);
    expect(last.wakeAt).not.toBeNull();
  });

  it('says what it waited for', () => {
    const { last } = play(begun(patient), limit + 60_000, { fate: neverReady });

    expect(decisionOf(last).target.failed).toMatchObject([
      {
        reason: 'ProgressDeadlineExceeded',
        message: expect.stringMatching(/600 s.*HEALTHCHECK/) as string,
      },
    ]);
  });

  it('counts from the last slot that came up', () => {
    const { entries, world } = play(begun(patient), limit, { fate: secondIsSlow });

    expect(isGivenUp(entries)).toBe(false);
    expect(count(world, 'v2')).toBe(2);
  });

  it('halts when it is the first', () => {
    const start = aWorld(shop('v1', patient));

    const { last, world } = play(start, limit + 60_000, { fate: noneReady });

    expect(stalledBy(last)).toBe('Halted');
    expect(containers(world).length).toBeLessThanOrEqual(1);
  });

  it('goes on with a new commit, which has a deadline of its own', () => {
    const failed = play(begun(patient), limit + 60_000, { fate: neverReady }).world;

    const { last, world } = run(commit(failed, shop('v3', patient), 3), neverReady);

    expect(running(world)).toEqual(['testapp:v3', 'testapp:v3']);
    expect(last.settled).toBe(true);
  });

  it('has the longest deadline of its services', () => {
    const start = commit(run(aWorld(two('v1'))).world, two('v2'), 2);

    expect(isGivenUp(play(start, 290_000, { fate: neverReady }).entries)).toBe(false);
    expect(isGivenUp(play(start, 310_000, { fate: neverReady }).entries)).toBe(true);
  });
});

describe('what can be placed nowhere', () => {
  const nowhere: ServiceFacts = {
    replicas: 2,
    constraints: [aConstraint('node.labels.zone == moon')],
  };

  it('is rolled back at the deadline, with what placement says', () => {
    const before = deployed('v1', { replicas: 2 });

    const { world, last, steps } = play(commit(before, shop('v2', nowhere), 2), limit + 20_000);

    expect(stalledBy(last)).toBe('RolledBack');
    expect(decisionOf(last).target.failed[0]?.message).toContain(
      '0 of 3 hosts: 3 constraint node.labels.zone == moon',
    );
    expect(idsOf(world)).toEqual(idsOf(before));
    expect(steps).toEqual([]);
  });

  it('is only said before that', () => {
    const { last } = play(
      commit(deployed('v1', { replicas: 2 }), shop('v2', nowhere), 2),
      limit - 20_000,
    );

    expect(stalledBy(last)).toBe('Unplaceable');
  });

  it('is not the fault of the revision when the hosts that could take it cannot be seen', () => {
    const hosts = ['host-1', 'host-2'];
    const first = aWorld(shop('v1', { replicas: 2 }), hosts);
    const dark = away(first, ...hosts);

    const waited = play(dark, 3 * limit);
    const { world, last } = play(
      seeing(
        waited.world,
        ...hosts.map((name) => aReachableHost(name, { watchedSince: waited.world.now })),
      ),
      60_000,
    );

    expect(isGivenUp(waited.entries)).toBe(false);
    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(last.settled).toBe(true);
  });
});

const databaseIsSlow: Fate = ({ spec, name }) =>
  spec.image === 'testapp:v2' && name.startsWith('db-') ? { health: 'starting' } : {};

describe('what is not the fault of the revision', () => {
  const registryDown: StepFailure = {
    class: 'infrastructure',
    reason: 'RegistryUnavailable',
    message: 'HTTP 503',
  };
  const v9: ServiceFacts = { replicas: 2, container: { image: 'testapp:v9' } };

  it('a registry that is down: nothing is touched, it is said, and never rolled back', () => {
    const before = deployed('v1', { replicas: 2 });

    const { world, last, entries } = play(commit(before, shop('v9', v9), 2), 2 * limit, {
      refuse: ({ action }) => (action.kind === 'pull-image' ? registryDown : null),
    });

    expect(isGivenUp(entries)).toBe(false);
    expect(idsOf(world)).toEqual(idsOf(before));
    expect(['RegistryUnavailable', 'ProgressDeadlineExceeded']).toContain(stalledBy(last));
  });

  it('a host that is away: the rollout goes on when it is back, however long that was', () => {
    const stays: ServiceFacts = { replicas: 3, replaceAfterMs: null };
    const before = deployed('v1', stays);
    const start = away(commit(before, shop('v2', stays), 2), 'host-2');

    const waited = play(start, 3 * limit);
    const { world, last, entries } = play(back(waited.world, before, 'host-2'), 120_000);

    expect(isGivenUp(waited.entries)).toBe(false);
    expect(['HostUnreachable', 'ProgressDeadlineExceeded']).toContain(stalledBy(waited.last));
    expect(isGivenUp(entries)).toBe(false);
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(last.settled).toBe(true);
  });

  it('a host that is away for a moment, in a watch that is longer than the deadline', () => {
    const long: ServiceFacts = { replicas: 3, update: { monitorMs: 3 * limit } };
    const start = commit(deployed('v1', { replicas: 3 }), shop('v2', long), 2);
    const watched = play(start, 2 * limit).world;

    const gone = play(away(watched, 'host-2'), 8_000);
    const { entries, world } = play(back(gone.world, watched, 'host-2'), 60_000);

    expect(isGivenUp([...gone.entries, ...entries])).toBe(false);
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
  });

  it('time in which nobody looked on', () => {
    const start = play(begun(patient), limit / 2, { fate: neverReady }).world;
    const later = { ...start, now: start.now + 10 * limit };

    const { entries } = play({ ...later, watchingSince: later.now }, limit - 20_000, {
      fate: neverReady,
    });

    expect(isGivenUp(entries)).toBe(false);
  });

  it('time in which another application was waited for', () => {
    const day = 24 * 60 * 60_000;
    const slowly = { gate: { healthyDeadlineMs: day }, rollout: { progressDeadlineMs: day } };
    const dependsOn = [
      {
        application: 'db',
        condition: 'healthy',
        required: true,
        origin: { file: 'x', line: 1, column: 1 },
      },
    ] as const;
    const fleet = (tag: string): readonly ApplicationSpec[] => [
      anApplication([aService({ ...slowly, container: { image: `testapp:${tag}` } })], {
        name: 'db',
      }),
      ...shop(tag, {}, { dependsOn }),
    ];
    const start = commit(run(aWorld(fleet('v1'))).world, fleet('v2'), 2);

    const held = play(start, 3 * limit, { fate: databaseIsSlow });
    const { world } = play(held.world, 120_000, { fate: () => ({ health: 'none' }) });

    expect(isGivenUp(held.entries)).toBe(false);
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
  });

  it('time in which it was suspended', () => {
    const start = play(begun(patient), limit / 2, { fate: neverReady }).world;
    const suspended = play(asking(start, 'suspend'), 5 * limit, { fate: neverReady });
    const resumed = play(asking(suspended.world, 'resume'), limit / 2 - 30_000, {
      fate: neverReady,
    });
    const later = play(resumed.world, 60_000, { fate: neverReady });

    expect(isGivenUp([...suspended.entries, ...resumed.entries])).toBe(false);
    expect(isGivenUp(later.entries)).toBe(true);
  });

  it('a delay between slots that is longer', () => {
    const slow: ServiceFacts = { replicas: 2, update: { delayMs: 2 * limit } };

    const { entries, world } = play(begun(slow), 3 * limit);

    expect(isGivenUp(entries)).toBe(false);
    expect(count(world, 'v2')).toBe(2);
  });
});

const breaks: Fate = ({ spec, restart, labels }) =>
  spec.image === 'testapp:v2' && restart.name !== 'no' && labels['fleetwright.slot'] === '3'
    ? { restartCount: 1 }
    : {};

describe('a rollback that a host keeps waiting', () => {
  const facts: ServiceFacts = { replicas: 3 };

  it('goes on when it is back', () => {
    const failed = playUntil(
      begun(facts),
      (_world, { applications }) => applications[0]?.target.mode === 'rollback',
      { fate: breaks },
    ).world;
    const host =
      containers(failed).find(
        ({ spec, labels }) => spec.image === 'testapp:v2' && labels['fleetwright.slot'] === '1',
      )?.host ?? '';

    const waited = play(away(failed, host), 2 * limit, { fate: breaks });
    const { world } = play(back(waited.world, failed, host), 120_000, { fate: breaks });

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
    expect(world.journal.applications.get('shop')?.rollout).toBeNull();
  });
});

describe('a revision that is given up', () => {
  it('leaves what is no part of it alone', () => {
    const sidecar = aService({ name: 'sidecar' });
    const both = (tag: string): readonly ApplicationSpec[] => [
      anApplication([sidecar, aService({ ...patient, container: { image: `testapp:${tag}` } })]),
    ];
    const start = commit(run(aWorld(both('v1'))).world, both('v2'), 2);
    const others = new Set(
      containers(start)
        .filter(({ name }) => name.includes('sidecar'))
        .map(({ id }): string => id),
    );

    const { steps, entries } = play(start, limit + 60_000, { fate: neverReady });

    expect(stepsOn(steps, others)).toEqual([]);
    expect(
      entries.flatMap((entry) => (entry.kind === 'quarantined' ? [entry.quarantine.service] : [])),
    ).toEqual(['web']);
    expect(made(steps, 'v1')).toEqual([]);
  });
});
