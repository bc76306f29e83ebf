import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import { reduceJournal } from '../../../src/model/journal-reduce.ts';
import { decide } from '../../../src/rollout/decide.ts';
import {
  aDesiredState,
  anApplication,
  anUnreachableHost,
  aReachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { commit, containers, decisionOf, run, running, seeing, stalledBy } from './scenario.ts';

function shop(tag: string, facts: ServiceFacts = {}): readonly ApplicationSpec[] {
  return [anApplication([aService({ ...facts, container: { image: `testapp:${tag}` } })])];
}

describe('a host that cannot be seen', () => {
  const before = run(aWorld(shop('v1', { replicas: 3 }))).world;
  const away = seeing(before, anUnreachableHost('host-2', { since: before.now }));

  it('gets no step, and nothing of it is made anew elsewhere', () => {
    const { steps, last } = run(away);

    expect(steps).toEqual([]);
    expect(last.settled).toBe(false);
    expect(last.drift).toEqual([]);
    expect(decisionOf(last).waiting).toMatchObject([
      { host: 'host-2', reason: 'host "host-2" is unreachable: no answer' },
    ]);
  });

  it('is left out of a rollout on the others, and is updated when it is back', () => {
    const next = run(commit(away, shop('v2', { replicas: 3 }), 2));
    const back = before.observations.get(anUnreachableHost('host-2').host);
    if (back === undefined) throw new Error('it was there before');

    const whole = run(seeing(next.world, back));

    expect(new Set(next.steps.map(({ host }) => host))).toEqual(new Set(['host-1', 'host-3']));
    expect(running(next.world)).toEqual(['testapp:v2', 'testapp:v2']);
    expect(new Set(whole.steps.map(({ host }) => host))).toEqual(new Set(['host-2']));
    expect(running(whole.world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
    expect(whole.last.settled).toBe(true);
  });

  it('stands in the way once it has been away for half a minute', () => {
    const since = away.now - 29_999;
    const lately = seeing(before, { ...anUnreachableHost('host-2'), since });

    expect(stalledBy(decide(lately))).toBe('');
    expect(decide(lately).wakeAt).toBe(away.now + 1);
    expect(stalledBy(decide({ ...lately, now: away.now + 1 }))).toBe('HostUnreachable');
  });

  it('keeps what is known of its containers in the journal', () => {
    expect(decide(away).entries).toEqual([]);
  });

  it('is remembered as being away, and as being back', () => {
    const since = before.now;
    const later = { ...away, now: since + 30_000 };
    const [entry] = decide(later).entries;
    const remembered = decide(later).entries.reduce(reduceJournal, later.journal);

    expect(entry).toEqual({ kind: 'host-away', host: 'host-2', since });
    expect(decide({ ...later, journal: remembered }).entries).toEqual([]);
    expect(decide({ ...before, journal: remembered }).entries).toEqual([
      { kind: 'host-back', host: 'host-2' },
    ]);
  });
});

describe('a global service', () => {
  it('gets a slot on a host that joins the fleet', () => {
    const spec = shop('v1', { mode: 'global' });
    const before = run(aWorld(spec, ['host-1', 'host-2'])).world;
    const joined = seeing(
      { ...before, desired: aDesiredState(spec, ['host-1', 'host-2', 'host-3']) },
      aReachableHost('host-3'),
    );

    const { steps, world } = run(joined);

    expect(new Set(steps.map(({ host }) => host))).toEqual(new Set(['host-3']));
    expect(containers(world).map(({ host }) => host)).toEqual(['host-1', 'host-2', 'host-3']);
  });

  it('is updated host by host', () => {
    const before = run(aWorld(shop('v1', { mode: 'global' }))).world;

    const { steps, world } = run(commit(before, shop('v2', { mode: 'global' }), 2));

    const created = steps.filter(({ action }) => action.kind === 'create-container');
    expect(created.map(({ host }) => host)).toEqual(['host-1', 'host-2', 'host-3']);
    expect(running(world)).toEqual(['testapp:v2', 'testapp:v2', 'testapp:v2']);
  });
});
