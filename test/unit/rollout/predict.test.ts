import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import type { HostName } from '../../../src/model/names.ts';
import type { ObservedContainer, ReachableHost } from '../../../src/model/observation.ts';
import type { Prediction } from '../../../src/rollout/predict.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import { aCommit, aDesiredState, anApplication, aService, aWorld } from '../../support/builders.ts';

const hosts = ['host-1', 'host-2', 'host-3'];

function shop(facts: Parameters<typeof aService>[0] = {}): readonly ApplicationSpec[] {
  return [anApplication([aService(facts)])];
}

function kinds({ waves }: Prediction): readonly string[] {
  return waves.map((wave) => wave.map(({ action, slot }) => `${action.kind} ${slot}`).join(', '));
}

function deployed(applications: readonly ApplicationSpec[]): World {
  return predict(aWorld(applications)).end;
}

function commit(world: World, applications: readonly ApplicationSpec[], seed = 2): World {
  const names = new Set(applications.map(({ name }) => name));
  const removed = [...world.journal.applications.keys()].filter((name) => !names.has(name));
  const journal = removed.reduce(
    (state, application) =>
      reduceJournal(state, { kind: 'application-removed', application, commit: aCommit(seed) }),
    world.journal,
  );
  return { ...world, journal, desired: aDesiredState(applications, hosts, seed) };
}

function containers(world: World): readonly ObservedContainer[] {
  return [...world.observations.values()].flatMap((host) =>
    host.kind === 'reachable' ? host.containers : [],
  );
}

function edit(
  world: World,
  change: (container: ObservedContainer) => ObservedContainer | null,
): World {
  const observations = new Map(
    [...world.observations].map(([name, host]): [HostName, ReachableHost] => {
      if (host.kind !== 'reachable') throw new Error('all hosts of these tests are reachable');
      const kept = host.containers.flatMap((container) => change(container) ?? []);
      return [name, { ...host, containers: kept }];
    }),
  );
  return { ...world, observations };
}

describe('predict()', () => {
  it('deploys a service from nothing, spread over the hosts', () => {
    const prediction = predict(aWorld(shop({ replicas: 3 })));

    expect(kinds(prediction)).toEqual([
      'create-container 1, create-container 2, create-container 3',
      'start-container 1, start-container 2, start-container 3',
      'update-container 1, update-container 2, update-container 3',
    ]);
    expect(prediction.last.settled).toBe(true);
    expect(new Set(containers(prediction.end).map(({ host }) => host)).size).toBe(3);
  });

  it('finds nothing to do on what it has deployed', () => {
    const world = deployed(shop({ replicas: 3 }));

    const again = predict(world);

    expect(again.waves).toEqual([]);
    expect(again.first.settled).toBe(true);
    expect(again.first.drift).toEqual([]);
  });

  it('replaces start-first and one slot after the other', () => {
    const world = commit(
      deployed(shop({ replicas: 2 })),
      shop({ replicas: 2, container: { image: 'testapp:v2' } }),
    );

    const prediction = predict(world);

    const ofSlot = [
      'create-container',
      'start-container',
      'update-container',
      'update-container',
      'stop-container',
      'remove-container',
    ];
    // The second slot begins while the stopped container of the first is still removed.
    expect(kinds(prediction)).toEqual([
      ...ofSlot.slice(0, 5).map((kind) => `${kind} 1`),
      'remove-container 1, create-container 2',
      ...ofSlot.slice(1).map((kind) => `${kind} 2`),
    ]);
    expect(prediction.lowest).toEqual([]);
    expect(prediction.last.settled).toBe(true);
  });

  it('replaces stop-first with a fixed host port, and says how far availability falls', () => {
    const port = { target: 8080, protocol: 'tcp', hostIp: '', published: '80' } as const;
    const facts = { replicas: 2, container: { ports: [port] } };
    const next = { ...facts, container: { ports: [port], image: 'testapp:v2' } };

    const prediction = predict(commit(deployed(shop(facts)), shop(next)));

    expect(kinds(prediction)[0]).toBe('update-container 1');
    expect(prediction.lowest).toMatchObject([{ desired: 2, before: 2, lowest: 1 }]);
    expect(prediction.last.settled).toBe(true);
  });

  it('changes nothing for another number of replicas but the number', () => {
    const world = deployed(shop({ replicas: 2 }));

    const up = predict(commit(world, shop({ replicas: 3 })));
    const down = predict(commit(up.end, shop({ replicas: 1 }), 3));

    expect(kinds(up).join()).not.toMatch(/ [12]/);
    expect(kinds(down).join()).not.toMatch(/ 1/);
    expect(containers(down.end)).toHaveLength(1);
    expect(down.last.settled).toBe(true);
  });

  it('goes back to the former hash when the commit is reverted', () => {
    const first = shop({ replicas: 2 });
    const world = deployed(first);
    const second = predict(
      commit(world, shop({ replicas: 2, container: { image: 'testapp:v2' } })),
    );

    const reverted = predict(commit(second.end, first, 3));

    const hashes = containers(reverted.end).map(({ labels }) => labels['fleetwright.hash']);
    expect(new Set(hashes)).toEqual(new Set([first[0]?.services[0]?.hash]));
    expect(reverted.last.settled).toBe(true);
  });

  it('replaces broken instances first, without waiting for them', () => {
    const world = deployed(shop({ replicas: 3 }));
    const broken = edit(world, (container) =>
      container.labels['fleetwright.slot'] === '2'
        ? { ...container, health: 'unhealthy' }
        : container,
    );

    const prediction = predict(
      commit(broken, shop({ replicas: 3, container: { image: 'testapp:v2' } })),
    );

    expect(kinds(prediction)[0]).toContain('update-container 2');
    expect(prediction.last.settled).toBe(true);
  });

  it.each([
    ['removed', () => null, 'missing', ['create-container', 'start-container', 'update-container']],
    [
      'stopped',
      (c: ObservedContainer) => ({ ...c, state: 'exited' as const }),
      'stopped',
      ['start-container'],
    ],
    [
      'paused',
      (c: ObservedContainer) => ({ ...c, state: 'paused' as const }),
      'paused',
      ['unpause-container'],
    ],
    [
      'renamed',
      (c: ObservedContainer) => ({ ...c, name: 'other' }),
      'renamed',
      ['rename-container'],
    ],
    [
      'given a limit',
      (c: ObservedContainer) => ({
        ...c,
        spec: { ...c.spec, resources: { ...c.spec.resources, memoryBytes: 2 ** 26 } },
      }),
      'mutable-field',
      [
        'create-container',
        'start-container',
        'update-container',
        'update-container',
        'stop-container',
        'remove-container',
      ],
    ],
  ])('heals an instance that was %s', (_what, change, drift, steps) => {
    const world = edit(deployed(shop()), change);

    const prediction = predict(world);

    expect(prediction.first.drift.map((item) => item.class)).toEqual([drift]);
    expect(prediction.waves.map(([step]) => step?.action.kind)).toEqual(steps);
    expect(prediction.last.settled).toBe(true);
    expect(prediction.last.drift).toEqual([]);
  });

  it('reports a copy of a container and leaves it alone', () => {
    const world = deployed(shop());
    const [original] = containers(world);
    if (original === undefined) throw new Error('there is one');
    const copy = { ...original, id: 'copy' as ObservedContainer['id'], name: 'copy' };
    const host = world.observations.get(original.host) as ReachableHost;
    const observations = new Map(world.observations).set(original.host, {
      ...host,
      containers: [original, copy],
    });

    const prediction = predict({ ...world, observations });

    expect(prediction.waves).toEqual([]);
    expect(prediction.first.drift).toMatchObject([{ class: 'copy', action: 'report' }]);
  });

  it('prunes one deleted application, after the others are done', () => {
    const two = [anApplication([aService()]), anApplication([aService()], { name: 'blog' })];
    const world = predict(aWorld(two)).end;

    const prediction = predict(commit(world, two.slice(0, 1)));

    expect(prediction.waves.flat().map(({ application }) => application)).not.toContain('shop');
    expect(containers(prediction.end)).toHaveLength(1);
    expect(prediction.end.journal.applications.has('blog')).toBe(false);
    expect(prediction.last.settled).toBe(true);
  });

  it('holds the deletion of most applications until the commit is approved', () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map((name) => anApplication([aService()], { name }));
    const world = commit(predict(aWorld(five)).end, five.slice(0, 1), 7);

    const held = predict(world);
    const { fleet } = world.desired;
    const approved = { ...fleet, prune: { approved: [aCommit(7).slice(0, 40)] } };
    const allowed = predict({ ...world, desired: { ...world.desired, fleet: approved } });

    expect(held.waves).toEqual([]);
    expect(held.first.prune.held).toMatchObject({ of: 5, applications: ['b', 'c', 'd', 'e'] });
    expect(held.first.settled).toBe(false);
    expect(containers(allowed.end)).toHaveLength(1);
    expect(allowed.last.settled).toBe(true);
  });
});
