import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import type { PortSpec } from '../../../src/model/container.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  aDesiredState,
  anApplication,
  anUnreachableHost,
  aReachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import { count, deployed, idsOf, play, playUntil, shop, stepsOn } from './play.ts';
import {
  commit,
  containers,
  decisionOf,
  exits,
  run,
  running,
  seeing,
  stalledBy,
} from './scenario.ts';

const everywhere: ServiceFacts = { mode: 'global' };
const ports: readonly PortSpec[] = [{ target: 80, protocol: 'tcp', hostIp: '', published: '80' }];
const withPort: ServiceFacts = { mode: 'global', container: { ports } };
const hour = 60 * 60_000;

function away(world: World, name: string): World {
  return seeing(world, anUnreachableHost(name));
}

function back(world: World, from: World, name: string): World {
  const host = [...from.observations.values()].find((one) => one.host === name);
  if (host?.kind !== 'reachable') throw new Error(`host "${name}" was there`);
  return seeing(world, { ...host, watchedSince: world.now });
}

function withHost(world: World, name: string): World {
  const hosts = [...world.desired.fleet.hosts.map((one): string => one.name), name];
  const { commit: sha } = world.desired.revision;
  const desired = aDesiredState(world.desired.applications, hosts, sha);
  return seeing({ ...world, desired }, aReachableHost(name));
}

const both = (tag: string): readonly ApplicationSpec[] => {
  const container = { image: `testapp:${tag}` };
  const agent = aService({ name: 'agent', mode: 'global', container });
  const dependsOn = [{ service: 'agent', condition: 'healthy', required: true }] as const;
  return [anApplication([agent, aService({ container, dependsOn })])];
};

describe('a global service', () => {
  it.each<[string, ServiceFacts]>([
    ['start-first', everywhere],
    ['stop-first, for a host port', withPort],
    [
      'with half of the hosts missing at once',
      { ...withPort, update: { maxUnavailable: { kind: 'percent', percent: 50 } } },
    ],
  ])('is rolled out though a host is away: %s', (_name, facts) => {
    const before = deployed('v1', facts);
    const start = commit(away(before, 'host-2'), shop('v2', facts), 2);

    const gone = play(start, hour);
    const whole = play(back(gone.world, before, 'host-2'), 120_000);

    expect(running(gone.world)).toEqual(['testapp:v2', 'testapp:v2']);
    expect(gone.entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(gone.world.journal.applications.get('shop')?.lastKnownGood?.commit).toBe(
      '2'.padStart(40, '0'),
    );
    expect(running(whole.world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(whole.last.settled).toBe(true);
  });

  it('takes one host after the other with stop-first, also when one is away', () => {
    const before = deployed('v1', withPort);
    const start = commit(away(before, 'host-2'), shop('v2', withPort), 2);

    play(start, 120_000, {
      watch(world) {
        expect(running(world).length).toBeGreaterThanOrEqual(1);
      },
    });
  });

  it('is rolled back on the hosts that can be seen, and on the other when it is back', () => {
    const before = deployed('v1', everywhere);
    const start = playUntil(
      commit(before, shop('v2', everywhere), 2),
      (world) => count(world, 'v2') === 1 && count(world, 'v1') === 2,
    ).world;
    const [first] = containers(start)
      .filter(({ spec }) => spec.image === 'testapp:v2')
      .map(({ host }) => host);

    const gone = play(away(start, first ?? ''), 120_000, { fate: exits('testapp:v2') });
    const whole = play(back(gone.world, start, first ?? ''), 120_000, {
      fate: exits('testapp:v2'),
    });

    expect(running(gone.world)).toEqual(['testapp:v1', 'testapp:v1']);
    expect(running(whole.world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1']);
  });

  it('gets the new version on a host that is added in the middle of a rollout', () => {
    const start = playUntil(
      commit(deployed('v1', everywhere), shop('v2', everywhere), 2),
      (world) => count(world, 'v2') === 1,
    ).world;

    const { world, last } = run(withHost(start, 'host-4'));

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(last.settled).toBe(true);
  });

  it('gets last-known-good on a host that is added after a rollback', () => {
    const failed = run(
      commit(deployed('v1', everywhere), shop('v2', everywhere), 2),
      exits('testapp:v2'),
    ).world;
    const before = idsOf(failed);

    const { world, steps, last } = run(withHost(failed, 'host-4'), exits('testapp:v2'));

    expect(running(world)).toEqual(['testapp:v1', 'testapp:v1', 'testapp:v1', 'testapp:v1']);
    expect(stepsOn(steps, before)).toEqual([]);
    expect(stalledBy(last)).toBe('RolledBack');
  });

  it('touches nothing when a host is added', () => {
    const start = deployed('v1', everywhere);

    const { steps } = run(withHost(start, 'host-0'));

    expect(stepsOn(steps, idsOf(start))).toEqual([]);
    expect(new Set(steps.map(({ host }) => host))).toEqual(new Set(['host-0']));
  });

  it('does not keep a service that depends on it waiting for a host that is away', () => {
    const before = run(aWorld(both('v1'))).world;
    const used = containers(before).find(({ name }) => name.startsWith('shop-web'))?.host;
    const other = ['host-1', 'host-2', 'host-3'].find((name) => name !== used) ?? '';

    const { world } = play(commit(away(before, other), both('v2'), 2), 120_000);

    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
  });

  it('is not through while no host of it can be seen', () => {
    const before = deployed('v1', everywhere);
    const dark = ['host-1', 'host-2', 'host-3'].reduce(away, before);

    const { last, entries } = play(commit(dark, shop('v2', everywhere), 2), hour);

    expect(last.settled).toBe(false);
    expect(entries.map(({ kind }) => kind)).not.toContain('succeeded');
    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(decisionOf(last).services[0]?.available).toBe(0);
  });
});
