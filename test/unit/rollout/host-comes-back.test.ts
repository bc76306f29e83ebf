import { describe, expect, it } from 'vitest';

import type { StepFailure } from '../../../src/model/step.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { aReachableHost, anUnreachableHost } from '../../support/builders.ts';
import { deployed, idsOf, play, shop, stepsOn } from './play.ts';
import { commit, containers, decisionOf, edit, run, running, seeing } from './scenario.ts';

const facts = { replicas: 6 };
const names = ['host-1', 'host-2', 'host-3'];
const six = Array.from({ length: 6 }, () => 'testapp:v1');

describe('a host that was rebooted', () => {
  it('has its instances again, though half of them cannot be started at first', () => {
    const before = deployed('v1', facts);
    const rebooted = edit(before, (container) =>
      container.host === 'host-1' ? { ...container, state: 'exited', exitCode: 255 } : container,
    );
    const victim = containers(rebooted).find(({ state }) => state === 'exited');
    const conflict: StepFailure = {
      class: 'capacity',
      reason: 'PortConflict',
      message: 'port 80 is already in use by "nginx"',
    };
    let refusals = 0;

    const { world, entries, last } = play(rebooted, 120_000, {
      refuse({ action }) {
        const isMeant = action.kind === 'start-container' && action.guard.id === victim?.id;
        if (!isMeant || refusals === 3) return null;
        refusals += 1;
        return conflict;
      },
    });

    expect(refusals).toBe(3);
    expect(running(world)).toEqual(six);
    expect(idsOf(world)).toEqual(idsOf(before));
    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(last.settled).toBe(true);
  });
});

describe('a host that was set up anew under its old name', () => {
  it('gets its instances made anew, and those of the others are left alone', () => {
    const before = deployed('v1', facts);
    const lost = containers(before).filter(({ host }) => host === 'host-2').length;
    const fresh = aReachableHost('host-2');
    const empty = { ...fresh, engine: { ...fresh.engine, id: 'another-engine' } };

    const { world, steps, last } = run(seeing(before, empty));

    expect(lost).toBe(2);
    expect(running(world)).toEqual(six);
    expect(new Set(steps.map(({ host }) => host))).toEqual(new Set(['host-2']));
    expect(last.settled).toBe(true);
  });
});

describe('all hosts out of sight at once', () => {
  it('are left as they are, whatever a commit asks for, and go on when they are back', () => {
    const before = deployed('v1', facts);
    const dark = seeing(
      commit(before, shop('v2', facts), 2),
      ...names.map((name) => anUnreachableHost(name)),
    );

    const waited = play(dark, 15 * 60_000);
    const seen = names.map((name) => {
      const host = [...before.observations.values()].find((one) => one.host === name);
      if (host?.kind !== 'reachable') throw new Error(`host "${name}" was there`);
      return { ...host, watchedSince: waited.world.now };
    });
    const { world, last } = run(seeing(waited.world, ...seen));

    expect(waited.steps).toEqual([]);
    expect(waited.entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(running(world)).toEqual(six.map(() => 'testapp:v2'));
    expect(last.settled).toBe(true);
  });
});

describe('a host that takes very long over a step', () => {
  it('holds up its own slot, and no repair on other hosts', () => {
    const before = deployed('v1', facts);
    const stopped = edit(before, (container) => ({ ...container, state: 'exited' }));
    const slow = containers(before).find(({ host }) => host === 'host-1');
    const slot = slow?.labels['fleetwright.slot'] ?? '';
    const inFlight = new Map([[`shop/web/${slot}`, 'start-container' as const]]);

    const decision = decide({ ...stopped, inFlight });

    const hit = new Set(slow === undefined ? [] : [slow.id]);
    expect(stepsOn(decision.steps, hit)).toEqual([]);
    expect(new Set(decision.steps.map(({ host }) => host))).toEqual(new Set(names));
    expect(decision.steps).toHaveLength(5);
    expect(decisionOf(decision).services[0]?.desired).toBe(6);
  });
});
