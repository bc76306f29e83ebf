/** Containers that Compose made, taken on as they are. */
import { describe, expect, it } from 'vitest';

import { noRestart } from '../../../src/model/container.ts';
import { emptyJournal } from '../../../src/model/journal-state.ts';
import { label } from '../../../src/model/labels.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { playUntil, shop, stepsOn } from './play.ts';
import { commit, containers, edit, exits, run, running, touched } from './scenario.ts';
import {
  project,
  two,
  adopting,
  composed,
  worldWith,
  idsOf,
  stalled,
  planOf,
  pair,
  front,
} from './composed.ts';

describe('containers that are as the commit asks', () => {
  it('are taken on without a step, and make last-known-good', () => {
    const { steps, world, last } = run(worldWith(adopting('v1'), pair));

    expect(steps).toEqual([]);
    expect(last).toMatchObject({ settled: true, drift: [], applications: [{ health: 'healthy' }] });
    expect(last.applications[0]?.slots).toMatchObject([
      { slot: '1', container: 'old_web_1', phase: 'promoted', available: true },
      { slot: '2', container: 'old_web_2', phase: 'promoted', available: true },
    ]);
    expect(world.journal.applications.get('shop')?.lastKnownGood).not.toBeNull();
  });

  it('are announced by the plan', () => {
    const text = planOf(worldWith(adopting('v1'), pair));

    expect(text).toContain('= container old_web_1 on host-1 becomes web/1, not restarted');
    expect(text).toContain('= container old_web_2 on host-1 becomes web/2, not restarted');
    expect(text).toContain('2 containers adopted; 0 steps');
    expect(text).not.toContain('In sync');
  });

  it('are rolled by the next commit within the budget, and removed under guard of their own labels', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { world, steps, last } = run(commit(adopted, adopting('v2'), 2));

    expect(last.settled).toBe(true);
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2']);
    expect(containers(world)).toHaveLength(2);
    const onThem = stepsOn(steps, idsOf(pair));
    expect(onThem.map(({ action }) => action.kind)).toEqual(
      expect.arrayContaining(['update-container', 'stop-container', 'remove-container']),
    );
    for (const { action } of onThem) {
      expect(action).toMatchObject({
        guard: { self: '', adopted: { [label.composeProject]: 'old' } },
      });
    }
  });

  it('get what can be set in place', () => {
    const noPolicy = pair.map((one) => ({
      ...one,
      restart: noRestart,
      spec: { ...one.spec, restart: noRestart },
    }));
    const { steps, world, last } = run(worldWith(adopting('v1'), noPolicy));

    expect(steps.map(({ action }) => action.kind)).toEqual([
      'update-container',
      'update-container',
    ]);
    expect(containers(world).map(({ restart }) => restart.name)).toEqual([
      'unless-stopped',
      'unless-stopped',
    ]);
    expect(last.settled).toBe(true);
  });

  it('are started where they stand still, and not made anew', () => {
    const down = pair.map((one) => ({
      ...one,
      state: 'exited' as const,
      exitCode: 137,
      restart: noRestart,
    }));
    const { steps, last } = run(worldWith(adopting('v1'), down));

    expect(steps.map(({ action }) => action.kind)).not.toContain('create-container');
    expect(steps.map(({ action }) => action.kind)).toContain('start-container');
    expect(last.settled).toBe(true);
  });

  it('are taken on again when the journal is lost', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { steps, last } = run({ ...adopted, journal: emptyJournal });

    expect(steps).toEqual([]);
    expect(last.settled).toBe(true);
  });

  it('stay ours when the manifest no longer says "adopt"', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { steps, last } = run(commit(adopted, shop('v1', two), 2));

    expect(steps).toEqual([]);
    expect(last).toMatchObject({ settled: true, drift: [] });
  });

  it('go when the service is scaled down', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { world, last } = run(commit(adopted, adopting('v1', { replicas: 1 }), 2));

    expect(containers(world).map(({ name }) => name)).toEqual(['old_web_1']);
    expect(last.settled).toBe(true);
  });

  it('come back as instances of our own when they are lost', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;
    const lost = edit(adopted, (one) => (one.name === 'old_web_2' ? null : one));

    const { world } = run(lost);

    expect(containers(world).map(({ name }) => name)).toEqual([
      'old_web_1',
      expect.stringMatching(/^shop-web-2-/),
    ]);
  });

  it('stay where a version that fails is rolled back', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { world, steps, last } = run(commit(adopted, adopting('v2'), 2), exits('testapp:v2'));

    expect(touched(steps).filter((id) => idsOf(pair).has(id))).toEqual([]);
    expect(containers(world).filter(({ state }) => state === 'running')).toHaveLength(2);
    expect(last.applications[0]?.target.mode).toBe('rollback');
  });

  it('come back by a revert in the middle of a rollout, as far as they are still there', () => {
    const many = [1, 2, 3, 4].map((number) => composed(number));
    const four = { replicas: 4 };
    const adopted = run(worldWith(adopting('v1', four), many)).world;
    const begun = playUntil(
      commit(adopted, adopting('v2', four), 2),
      (world) => containers(world).filter(({ id }) => idsOf(many).has(id)).length === 2,
    ).world;

    const { world, last } = run(commit(begun, adopting('v1', four), 3));

    expect(last.settled).toBe(true);
    expect(running(world)).toEqual(Array.from({ length: 4 }, () => 'testapp:v1'));
    const kept = containers(world).filter(({ id }) => idsOf(many).has(id));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.map(({ restart }) => restart.name)).not.toContain('no');
  });

  it('go first where a fixed port leaves no room for two', () => {
    const ports = [{ target: 80, protocol: 'tcp' as const, hostIp: '', published: '8080' }];
    const one: ServiceFacts = { replicas: 1, container: { ports } };
    const holder = composed(1, { spec: { ...composed(1).spec, ports } });
    const adopted = run(worldWith(adopting('v1', one), [holder])).world;

    const { steps, last } = run(commit(adopted, adopting('v2', one), 2));

    const kinds = steps.map(({ action }) => action.kind);
    expect(kinds.indexOf('remove-container')).toBeLessThan(kinds.indexOf('create-container'));
    expect(last.settled).toBe(true);
  });

  it('are pruned by the usual rules when their application goes', () => {
    const other = shop('v1', {}, { name: 'other' });
    const more = ['a', 'b', 'c'].flatMap((name) => shop('v1', {}, { name }));
    const all = [...adopting('v1'), ...other, ...more];
    const adopted = run(worldWith(all, pair)).world;

    const { world } = run(commit(adopted, [...other, ...more], 2));

    expect(containers(world).filter(({ id }) => idsOf(pair).has(id))).toEqual([]);
  });

  it('are pruned by nobody when the journal is lost with their application', () => {
    const adopted = run(worldWith(adopting('v1'), pair)).world;

    const { steps } = run({ ...commit(adopted, [], 2), journal: emptyJournal });

    expect(touched(steps)).toEqual([]);
  });

  it('are found by their names where Compose did not make them', () => {
    const byHand = { ...composed(1), name: 'proxy', labels: {} };
    const names = { ...project, composeProject: null, containers: { web: ['proxy'] } };

    const { steps, last } = run(worldWith(adopting('v1', {}, names), [byHand]));

    expect(steps).toEqual([]);
    expect(last.applications[0]?.slots).toMatchObject([{ slot: '1', container: 'proxy' }]);
  });

  it('fill the slots that there are when Compose left gaps in its numbers', () => {
    const { steps, last } = run(worldWith(adopting('v1'), [composed(1), composed(3)]));

    expect(steps).toEqual([]);
    expect(last.applications[0]?.slots).toMatchObject([
      { container: 'old_web_1' },
      { container: 'old_web_3' },
    ]);
  });

  it('fill the slot of their host in a global service', () => {
    const hosts = ['host-1', 'host-2'].map((name) => composed(1, { host: toHostName(name) }));

    const { steps, last } = run(worldWith(adopting('v1', { mode: 'global' }), hosts));

    expect(steps).toEqual([]);
    expect(last.applications[0]?.slots).toMatchObject([{ slot: 'host-1' }, { slot: 'host-2' }]);
  });

  it('are not failed by what ails them', () => {
    const sick = pair.map((one) => ({ ...one, health: 'unhealthy' as const }));

    const { steps, entries } = run(worldWith(adopting('v1'), sick));

    expect(steps).toEqual([]);
    expect(entries.map(({ kind }) => kind)).not.toContain('quarantined');
  });
});

describe('networks of what is adopted', () => {
  const asking = adopting('v1', {
    container: { networks: [{ network: 'front', aliases: ['web'] }] },
  });

  it('may lack the name of the service', () => {
    expect(run(worldWith(asking, [composed(1, front([]))])).steps).toEqual([]);
  });

  it('must all be asked for', () => {
    const world = worldWith(adopting('v1', {}), [composed(1, front(['web']))]);

    expect(stalled(world).message).toContain('differs in networks.front');
  });
});
