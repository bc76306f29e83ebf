import { describe, expect, it } from 'vitest';

import type { HostSpec } from '../../../src/model/fleet.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { countLive, deployed, idsOf, play, shop } from './play.ts';
import { commit, containers, decisionOf, kinds, run } from './scenario.ts';

const minute = 60_000;
const port = { target: 80, protocol: 'tcp', hostIp: '', published: '8080' } as const;

/** The commit changes a host of fleet.yaml. */
function withHost(world: World, host: string, facts: Partial<HostSpec>): World {
  const { desired } = world;
  const hosts = desired.fleet.hosts.map((one) => (one.name === host ? { ...one, ...facts } : one));
  return { ...world, desired: { ...desired, fleet: { ...desired.fleet, hosts } } };
}

function on(world: World, host: string): number {
  return containers(world).filter((one) => one.host === host).length;
}

/** Drains host-1, and watches how many are available and how many run at any time. */
function drained(before: World): { world: World; fewest: number; most: number; steps: string[] } {
  let fewest = Infinity;
  let most = 0;
  const { world, steps } = play(withHost(before, 'host-1', { drain: true }), 5 * minute, {
    watch: (seen, decision) => {
      fewest = Math.min(fewest, decisionOf(decision).services[0]?.available ?? 0);
      most = Math.max(most, countLive(seen));
    },
  });
  return { world, fewest, most, steps: [...kinds(steps)] };
}

describe('a drain', () => {
  it.each([1, 2, 3])('moves all slots start-first, %d at a time', (parallelism) => {
    const before = deployed('v1', { replicas: 9, update: { parallelism } });
    const { world, fewest, most } = drained(before);

    expect(on(before, 'host-1')).toBe(3);
    expect(on(world, 'host-1')).toBe(0);
    expect(fewest).toBe(9);
    expect(most).toBe(9 + parallelism);
  });

  it('takes a slot through gate, promotion and retirement, in this order', () => {
    const facts = { replicas: 3 };
    const { steps } = drained(deployed('v1', facts));

    expect(steps.map((step) => step.split(' ')[0])).toEqual([
      'create-container',
      'start-container',
      'update-container',
      'update-container',
      'stop-container',
      'remove-container',
    ]);
  });

  it.each<[string, ServiceFacts]>([
    ['a fixed port', { container: { ports: [port] } }],
    ['a name of its own', { containerName: 'web' }],
  ])('is start-first also where %s allows one instance per host', (_, facts) => {
    const before = deployed('v1', { replicas: 1, ...facts }, ['host-1', 'host-2']);
    const host = containers(before)[0]?.host ?? '';
    let fewest = 1;
    const { world } = play(withHost(before, host, { drain: true }), 5 * minute, {
      watch: (_seen, decision) => {
        fewest = Math.min(fewest, decisionOf(decision).services[0]?.available ?? 0);
      },
    });

    expect(on(world, host)).toBe(0);
    expect(fewest).toBe(1);
  });

  it('moves a singleton stop-first', () => {
    const before = deployed('v1', { singleton: true });
    const host = containers(before)[0]?.host ?? '';
    const { world } = play(withHost(before, host, { drain: true }), 5 * minute, {
      watch: (seen) => expect(countLive(seen)).toBeLessThan(2),
    });

    expect(on(world, host)).toBe(0);
    expect(countLive(world)).toBe(1);
  });

  it('moves at once again, though the same slots have moved before', () => {
    const facts = { replicas: 3 };
    const first = drained(deployed('v1', facts)).world;
    const again = withHost(withHost(first, 'host-1', { drain: false }), 'host-2', { drain: true });

    const { world } = play(again, minute);

    expect(on(world, 'host-2')).toBe(0);
    expect([...world.journal.slots.values()].map(({ repairs }) => repairs)).toEqual([0, 0, 0]);
  });

  it('is the cause of its steps', () => {
    const before = withHost(deployed('v1', { replicas: 3 }), 'host-1', { drain: true });
    const created = play(before, minute).steps.find(
      ({ action }) => action.kind === 'create-container',
    );

    expect(created?.cause.reason).toBe('it moves from host "host-1", which is draining');
  });

  it('is over without anything moving back', () => {
    const { world } = drained(deployed('v1', { replicas: 3 }));

    expect(run(withHost(world, 'host-1', { drain: false })).steps).toEqual([]);
  });

  it('goes together with a new version, which is made where it is to stay', () => {
    const before = deployed('v1', { replicas: 3 });
    const next = commit(before, shop('v2', { replicas: 3 }), 2);

    const { world, fewest } = drained(next);

    expect(on(world, 'host-1')).toBe(0);
    expect([...idsOf(world, 'v2')]).toHaveLength(3);
    expect(fewest).toBe(3);
  });
});
