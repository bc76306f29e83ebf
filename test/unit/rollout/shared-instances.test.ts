import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import type { World } from '../../../src/rollout/world.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { anApplication, aService, aWorld } from '../../support/builders.ts';
import { commit, containers, decisionOf, edit, kinds, run } from './scenario.ts';

const shares = { network: 'vpn' };

function vpn(container: Partial<ContainerSpec> = {}, facts: ServiceFacts = {}): ServiceSpec {
  return aService({ name: 'vpn', replicas: 1, ...facts, container });
}

function app(container: Partial<ContainerSpec> = {}, facts: ServiceFacts = {}): ServiceSpec {
  return aService({
    name: 'app',
    replicas: 1,
    dependsOn: [{ service: 'vpn', condition: 'started', required: true }],
    ...facts,
    container: { shares, ...container },
  });
}

const hosts = ['host-1', 'host-2', 'host-3'];

function deployed(services: readonly ServiceSpec[]): World {
  return run(aWorld([anApplication(services)], hosts)).world;
}

/** By slot of `app`: whether it is on the host of the instance whose network it has joined. */
function pairs(world: World): readonly (readonly [string, string])[] {
  const all = containers(world);
  return all.flatMap(({ labels, host, spec }) => {
    const joined = all.find(({ id }) => id === spec.shares?.network);
    if (spec.shares === undefined) return [];
    const slot = labels['fleetwright.slot'] ?? '';
    const other = joined?.host === host ? joined.labels['fleetwright.slot'] : undefined;
    return [[slot, other ?? 'none']];
  });
}

function idOf(world: World, service: string): string | undefined {
  return containers(world).find(({ labels }) => labels['fleetwright.service'] === service)?.id;
}

/** The containers whose mounts others have. */
function mountedBy(world: World): readonly string[] {
  return containers(world).flatMap(({ spec }) =>
    (spec.shares?.volumes ?? []).map(({ from }) => from),
  );
}

describe('a service that shares the network of another one', () => {
  it('joins it on its host, when it is in place', () => {
    const { steps, world } = run(aWorld([anApplication([vpn(), app()])], hosts));

    const creates = steps.filter(({ action }) => action.kind === 'create-container');
    expect(creates.map(({ service }) => service)).toEqual(['vpn', 'app']);
    expect(pairs(world)).toEqual([['1', '1']]);
    expect(decide(world).steps).toEqual([]);
  });

  it.each([
    [
      'one each',
      3,
      [
        ['1', '1'],
        ['2', '2'],
        ['3', '3'],
      ],
    ],
    [
      'all with the only one',
      1,
      [
        ['1', '1'],
        ['2', '1'],
        ['3', '1'],
      ],
    ],
  ])('shares slot by slot, or with the only one: %s', (_name, replicas, expected) => {
    const world = deployed([vpn({}, { replicas }), app({}, { replicas: 3 })]);

    expect(new Map(pairs(world))).toEqual(new Map(expected as [string, string][]));
  });

  it('is made anew after the other one is replaced', () => {
    const before = deployed([vpn(), app()]);

    const after = run(commit(before, [anApplication([vpn({ image: 'testapp:v2' }), app()])], 2));

    const creates = after.steps.filter(({ action }) => action.kind === 'create-container');
    expect(creates.map(({ service }) => service)).toEqual(['vpn', 'app']);
    expect(creates[1]?.cause).toMatchObject({
      path: 'network_mode',
      reason: 'what it shares with was replaced or started anew',
    });
    expect(pairs(after.world)).toEqual([['1', '1']]);
    expect(containers(after.world)).toHaveLength(2);
  });

  it('is made anew after the other one was started anew', () => {
    const before = deployed([vpn(), app()]);
    const restarted = edit(before, (one) =>
      one.labels['fleetwright.service'] === 'vpn' ? { ...one, startedAt: before.now } : one,
    );

    const after = run(restarted);

    expect(kinds(after.steps)).toContain('create-container 1');
    expect(after.steps.every(({ service }) => service === 'app')).toBe(true);
    expect(after.last.drift).toEqual([]);
    expect(decide(after.world).steps).toEqual([]);
  });

  it('is left as it is while there is none to join', () => {
    const before = deployed([vpn(), app()]);
    const gone = edit(before, (one) => (one.labels['fleetwright.service'] === 'vpn' ? null : one));

    const decision = decide(gone);

    expect(decision.steps.map(({ service }) => service)).toEqual(['vpn']);
    expect(pairs(run(gone).world)).toEqual([['1', '1']]);
  });

  it('waits for it, and says so, when its host does not admit it', () => {
    const world = deployed([vpn()]);
    const host = containers(world)[0]?.host ?? '';
    const constraint = {
      key: 'node.hostname',
      operator: '!=',
      value: host,
      text: `node.hostname != ${host}`,
      origin: { file: 'a', line: 1, column: 1 },
    } as const;
    const constraints = [constraint];

    const decision = decide(commit(world, [anApplication([vpn(), app({}, { constraints })])], 2));

    expect(decisionOf(decision).conditions).toContainEqual(
      expect.objectContaining({
        reason: 'Unplaceable',
        message: expect.stringContaining(`2 service "vpn" is on host "${host}"`) as string,
      }),
    );
  });
});

describe('a service that mounts what another one mounts', () => {
  const mounts = { volumes: [{ from: 'vpn', readOnly: true }] };

  it('has the mounts of the instance on its host', () => {
    const world = deployed([vpn(), app({ shares: mounts })]);

    expect(mountedBy(world)).toEqual([idOf(world, 'vpn')]);
    expect(decide(world).steps).toEqual([]);
  });

  it('is made anew after the other one is replaced, which the plan says', () => {
    const before = deployed([vpn(), app({ shares: mounts })]);
    const next = [vpn({ image: 'testapp:v2' }), app({ shares: mounts })];

    const after = run(commit(before, [anApplication(next)], 2));

    const creates = after.steps.filter(({ action }) => action.kind === 'create-container');
    expect(creates.map(({ service, cause }) => [service, cause.path])).toEqual([
      ['vpn', 'image'],
      ['app', 'volumes_from'],
    ]);
    expect(mountedBy(after.world)).toEqual([idOf(after.world, 'vpn')]);
  });

  it('stays as it is when the other one is started anew', () => {
    const before = deployed([vpn(), app({ shares: mounts })]);
    const restarted = edit(before, (one) =>
      one.labels['fleetwright.service'] === 'vpn' ? { ...one, startedAt: before.now } : one,
    );

    expect(run(restarted).steps.filter(({ service }) => service === 'app')).toEqual([]);
  });

  it('has the mounts of one that has done its work', () => {
    const restart = { name: 'no', maximumRetryCount: 0 } as const;
    const world = deployed([vpn({ restart }), app({ shares: mounts })]);
    const ended = edit(world, (one) =>
      one.labels['fleetwright.service'] === 'vpn' ? { ...one, state: 'exited' } : one,
    );

    const next = [vpn({ restart }), app({ shares: mounts, user: '7' })];
    const after = run(commit(ended, [anApplication(next)], 2));

    const creates = after.steps.filter(({ action }) => action.kind === 'create-container');
    expect(creates.map(({ service }) => service)).toEqual(['app']);
    expect(mountedBy(after.world)).toEqual([idOf(world, 'vpn')]);
  });
});
