import { describe, expect, it } from 'vitest';

import type { ObservedContainer } from '../../../src/model/observation.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { count, deployed, idsOf, made, play, playUntil, shop } from './play.ts';
import { commit, containers, decisionOf, exits, run, running, stalledBy } from './scenario.ts';
import type { Fate } from './scenario.ts';

const hosts = ['host-1', 'host-2'];
const facts: ServiceFacts = { replicas: 2, rollout: { attempts: 1 } };
const before = deployed('v1', facts, hosts);
const start = commit(before, shop('v2', facts), 2);

function on(host: string, change: Partial<ObservedContainer>): Fate {
  return (container) => (container.host === host ? change : {});
}

function both(...fates: readonly Fate[]): Fate {
  return (container) => Object.assign({}, ...fates.map((fate) => fate(container))) as object;
}

/** v2 stands beside v1 on the first host, when everything there turns bad. */
const beside = playUntil(start, (world) =>
  containers(world).some(
    ({ spec, host, state }) =>
      spec.image === 'testapp:v2' && host === 'host-1' && state === 'running',
  ),
).world;
const sickHost = on('host-1', { health: 'unhealthy' });

describe('a failure on a host where the old revision fails too', () => {
  it('is the fault of the host: nothing is rolled back, and it is said', () => {
    const { entries, last } = play(beside, 120_000, { fate: sickHost });

    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(stalledBy(last)).toBe('HostSuspect');
  });

  it('is held against the revision when for a whole deadline nothing of the old one was there to ask', () => {
    const deadlineMs = 600_000;
    const patient = shop('v2', {
      ...facts,
      rollout: { attempts: 1, progressDeadlineMs: deadlineMs },
    });
    const world = commit(beside, patient, 3);
    const { entries: early } = play(world, deadlineMs, { fate: sickHost });
    const { entries, last } = play(world, 2 * deadlineMs, { fate: sickHost });

    expect(early.map(({ kind }) => kind)).not.toContain('quarantined');
    expect(entries.map(({ kind }) => kind)).toContain('quarantined');
    expect(decisionOf(last).target.mode).toBe('rollback');
  });

  it('is tried again ever later, not all the time', () => {
    const { steps } = play(beside, 20 * 60_000, { fate: sickHost });

    expect(made(steps, 'v2').length).toBeLessThan(20);
  });

  it('goes on when the host is well again', () => {
    const sick = play(beside, 120_000, { fate: sickHost }).world;
    const healed = play(sick, 10 * 60_000, { fate: on('host-1', { health: 'none' }) });

    expect(running(healed.world)).toEqual(['testapp:v2', 'testapp:v2']);
  });
});

const notExecutable: Fate = (container) =>
  container.spec.image === 'testapp:v2'
    ? { state: 'exited', exitCode: 127, published: [] }
    : { health: 'unhealthy' };

describe('a failure that says something about the revision', () => {
  it.each<[string, Fate]>([
    [
      'the old one fails on another host only',
      both(on('host-2', { health: 'unhealthy' }), ({ spec, host }) =>
        spec.image === 'testapp:v2' && host === 'host-1' ? { health: 'unhealthy' } : {},
      ),
    ],
    ['the old one is well', exits('testapp:v2')],
  ])('%s', (_name, fate) => {
    const atOnce: ServiceFacts = { ...facts, update: { parallelism: 2 } };
    const world = commit(deployed('v1', atOnce, hosts), shop('v2', atOnce), 2);

    const after = play(world, 120_000, { fate });

    expect(stalledBy(after.last)).toBe('RolledBack');
    expect(count(after.world, 'v2')).toBe(0);
  });

  it('the old one was restarted once, long before the rollout began', () => {
    const restarted = play(before, 2_000, {
      fate: () => ({ restartCount: 1 }),
    }).world;

    const after = run(commit(restarted, shop('v2', facts), 2), exits('testapp:v2'));

    expect(stalledBy(after.last)).toBe('RolledBack');
    expect(idsOf(after.world)).toEqual(idsOf(before));
  });

  it('a command that is not in the image fails for sure, whatever fails beside it', () => {
    const after = play(start, 60_000, { fate: notExecutable });

    expect(stalledBy(after.last)).toBe('RolledBack');
    expect(containers(after.world).every(({ spec }) => spec.image === 'testapp:v1')).toBe(true);
  });
});
