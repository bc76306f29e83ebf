import { describe, expect, it } from 'vitest';

import type { NamespaceSpec } from '../../../src/model/namespace.ts';
import type { World } from '../../../src/rollout/world.ts';
import { origin } from '../../support/builders.ts';
import { deployed, neverReady, play, shop } from './play.ts';
import { commit, containers, decisionOf } from './scenario.ts';

const minute = 60_000;

/** The commit gives the namespace `default` these hosts. */
function withHosts(world: World, hosts: NamespaceSpec['hosts']): World {
  const { desired } = world;
  const restricted = hosts === undefined ? {} : { hosts };
  const namespaces = [{ name: 'default', quota: {}, origin, ...restricted }];
  return { ...world, desired: { ...desired, fleet: { ...desired.fleet, namespaces } } };
}

function hostsOf(world: World): ReadonlySet<string> {
  return new Set(containers(world).map(({ host }) => host));
}

describe('the hosts of a namespace', () => {
  it('are moved to start-first within the budget', () => {
    let fewest = 6;
    const before = withHosts(deployed('v1', { replicas: 6 }), ['host-2', 'host-3']);
    const { world } = play(before, 5 * minute, {
      watch: (_, decision) => {
        fewest = Math.min(fewest, decisionOf(decision).services[0]?.available ?? 0);
      },
    });

    expect(hostsOf(world)).toEqual(new Set(['host-2', 'host-3']));
    expect(fewest).toBe(6);
  });

  it('hold for another try and for a rollback too', () => {
    const facts = { replicas: 1, rollout: { attempts: 3 } };
    const before = play(withHosts(deployed('v1', facts), ['host-2', 'host-3']), 5 * minute).world;
    const next = withHosts(commit(before, shop('v2', facts), 2), ['host-2', 'host-3']);
    const used = new Set<string>();
    const { world, entries } = play(next, 20 * minute, {
      fate: neverReady,
      watch: (seen) => {
        for (const host of hostsOf(seen)) used.add(host);
      },
    });

    expect(used).toEqual(new Set(['host-2', 'host-3']));
    expect(entries.filter(({ kind }) => kind === 'attempt-failed')).toHaveLength(1);
    expect(entries.filter(({ kind }) => kind === 'quarantined')).toHaveLength(1);
    expect(containers(world).map(({ spec }) => spec.image)).toEqual(['testapp:v1']);
  });
});
