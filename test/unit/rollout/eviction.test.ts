import { describe, expect, it } from 'vitest';

import type { ApplicationDependency, ApplicationSpec } from '../../../src/model/application.ts';
import type { HostSpec } from '../../../src/model/fleet.ts';
import type { Step, StepFailure } from '../../../src/model/step.ts';
import { hostNotes } from '../../../src/report/host-notes.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import {
  aConstraint,
  aHost,
  anApplication,
  anUnreachableHost,
  aReachableHost,
  aService,
  aWorld,
  origin,
} from '../../support/builders.ts';
import { asking, countLive, play, playUntil } from './play.ts';
import { commit, containers, decisionOf, kinds, run, seeing } from './scenario.ts';

const minute = 60_000;

/** An application that reserves CPUs, of which each host has two. */
function anApp(
  name: string,
  priority: number,
  cpus: number,
  facts: ServiceFacts = {},
  more: Partial<ApplicationSpec> = {},
): ApplicationSpec {
  const service = aService({ priority, reservedNanoCpus: cpus * 1e9, ...facts });
  return anApplication([service], { name, ...more });
}

const low = anApp('blog', 10, 1.5);
const top = anApp('shop', 100, 1.5);
function on(application: string): ApplicationDependency {
  return { application, condition: 'healthy', required: true, origin };
}

const onHost1 = anApp('shop', 100, 1.5, {
  constraints: [aConstraint('node.hostname == host-1')],
});

/** What runs on the only host, and a commit that asks for more. */
function crowded(
  asked: readonly ApplicationSpec[] = [low, top],
  before: readonly ApplicationSpec[] = [low],
): World {
  return commit(run(aWorld(before, ['host-1'])).world, asked, 2);
}

/** A host is added. */
function withHost(world: World, name: string, facts: Partial<HostSpec> = {}): World {
  const { desired } = world;
  const hosts = [...desired.fleet.hosts, aHost(name, facts)];
  const wide = { ...world, desired: { ...desired, fleet: { ...desired.fleet, hosts } } };
  return seeing(wide, aReachableHost(name));
}

function names(world: World): readonly string[] {
  return containers(world)
    .filter(({ state }) => state === 'running')
    .map(({ host, labels }) => `${labels['fleetwright.app']} on ${host}`)
    .toSorted();
}

function of(steps: readonly Step[], application: string): readonly string[] {
  return kinds(steps.filter((step) => step.application === application));
}

/** A registry that does not have it. */
function noImage(image: string): (step: Step) => StepFailure | null {
  return ({ action }) =>
    action.kind === 'pull-image' && action.image === image
      ? { class: 'infrastructure', reason: 'RegistryUnavailable', message: 'no answer' }
      : null;
}

function message(world: World, name: string): string {
  const { conditions } = decisionOf(decide(world), name);
  return conditions.find(({ type }) => type === 'Stalled')?.message ?? '';
}

describe('an eviction', () => {
  it('takes out what is less important before what comes is made', () => {
    let most = 0;
    const { world, steps } = play(crowded(), 5 * minute, {
      watch: (seen) => {
        most = Math.max(most, countLive(seen));
      },
    });

    expect(names(world)).toEqual(['shop on host-1']);
    expect(most).toBe(1);
    expect(of(steps, 'blog')).toEqual([
      'update-container 1',
      'stop-container 1',
      'remove-container 1',
    ]);
    expect(steps[0]?.cause).toMatchObject({
      reason: 'it makes room for shop/web (priority 100 above 10)',
      path: 'x-fleetwright.priority',
    });
    expect(decisionOf(decide(world)).settled).toBe(true);
  });

  it('is said of the slot, of its host, and in the plan', () => {
    const start = crowded();
    const { world } = play(start, 5 * minute);
    const why = 'made room for shop/web (priority 100 above 10)';
    const plan = predict(start);

    expect(message(world, 'blog')).toBe(`web/1: ${why}: 0 of 1 host: 1 needs 1.5 CPUs, 0.5 left`);
    expect(hostNotes(decide(world), world.now)).toEqual([
      { host: 'host-1', message: `blog/web/1 ${why}` },
    ]);
    expect(message(plan.end, 'blog')).toBe(message(world, 'blog'));
    expect(plan.waves.flat().map(({ action }) => action.kind)).toContain('stop-container');
  });

  it('comes to rest, and is not drift', () => {
    const { world } = play(crowded(), 5 * minute);
    const after = run(world);

    expect(after.steps).toEqual([]);
    expect(after.last.drift).toEqual([]);
  });

  it('is over when there is room again, and counts as no repair', () => {
    const evicted = play(crowded(), 5 * minute).world;

    const { world, entries } = play(commit(evicted, [low], 3), 5 * minute);

    expect(names(world)).toContain('blog on host-1');
    expect(world.journal.slots.get('blog/web/1')?.evicted).toBeUndefined();
    expect(entries.filter(({ kind }) => kind === 'repaired')).toEqual([]);
    expect(decide(world).drift).toEqual([]);
  });

  it('is of the same application too, and of no rollout the fault', () => {
    const worker = aService({ name: 'worker', priority: 10, reservedNanoCpus: 1.5e9 });
    const web = aService({ priority: 100, reservedNanoCpus: 1.5e9 });
    const { world } = play(
      crowded([anApplication([web, worker])], [anApplication([worker])]),
      30 * minute,
    );

    expect(containers(world).map(({ labels }) => labels['fleetwright.service'])).toEqual(['web']);
    expect(decisionOf(decide(world)).target.mode).toBe('desired');
  });

  it('is of nothing that what comes depends on, which could not be made without it', () => {
    const db = aService({ name: 'db', priority: 10, reservedNanoCpus: 1.5e9 });
    const dependsOn = [{ service: 'db', condition: 'healthy', required: true }] as const;
    const web = aService({ priority: 100, reservedNanoCpus: 1.5e9, dependsOn });
    const start = crowded([anApplication([db, web])], [anApplication([db])]);
    const { world } = play(start, 5 * minute);

    expect(containers(world).map(({ labels }) => labels['fleetwright.service'])).toEqual(['db']);
    expect(message(world, 'shop')).toMatch(/^web\/1: 0 of 1 host: 1 needs 1.5 CPUs, 0.5 left/);
  });

  it('is of no application that the one of what comes depends on', () => {
    const waiting = anApp('shop', 100, 1.5, {}, { dependsOn: [on('blog')] });
    const { world, steps } = play(crowded([low, waiting]), 30 * minute);

    expect(names(world)).toEqual(['blog on host-1']);
    expect(of(steps, 'blog')).toEqual([]);
  });

  it('begins only when all else stands ready', () => {
    const absent = anApp('shop', 100, 1.5, { container: { image: 'testapp:v9' } });
    const { world, steps } = play(crowded([low, absent]), 5 * minute, {
      refuse: noImage('testapp:v9'),
    });

    expect(names(world)).toEqual(['blog on host-1']);
    expect(of(steps, 'blog')).toEqual([]);
    expect(decisionOf(decide(world), 'blog').settled).toBe(true);
  });

  it('gives what is new no room that is not made yet', () => {
    const absent = anApp('shop', 100, 1, { container: { image: 'testapp:v9' } });
    const start = crowded([low, absent, anApp('wiki', 5, 0.5), anApp('zoo', 200, 0.4)]);
    const { world, last } = play(start, 5 * minute, { refuse: noImage('testapp:v9') });

    expect(names(world)).toEqual(['blog on host-1', 'zoo on host-1']);
    expect(decisionOf(last, 'wiki').waiting).toContainEqual(
      expect.objectContaining({ reason: 'room is made first by blog/web/1' }),
    );
  });

  it('is through before anything else that is new is made there', () => {
    const start = crowded([low, anApp('shop', 100, 1), anApp('wiki', 5, 0.8)]);
    const apps: string[] = [];
    const { world } = play(start, 5 * minute, { watch: (seen) => apps.push(names(seen).join()) });

    expect(names(world)).toEqual(['shop on host-1', 'wiki on host-1']);
    expect(apps.filter((all) => all.includes('blog') && all.includes('wiki'))).toEqual([]);
  });

  it.each<[string, ApplicationSpec, Partial<ApplicationSpec>]>([
    ['that it depends on', anApp('wiki', 5, 0.8), { dependsOn: [on('wiki')] }],
    ['of a lower wave', anApp('wiki', 5, 0.8), { wave: 1 }],
  ])('does not wait for something %s that has its room too', (_, other, more) => {
    const start = crowded([low, anApp('shop', 100, 1, {}, more), other]);

    expect(names(play(start, 20 * minute).world)).toEqual(['shop on host-1', 'wiki on host-1']);
  });

  it('makes what leaves on another host first, where one admits it', () => {
    let fewest = 1;
    const { world, steps } = play(withHost(crowded([low, onHost1]), 'host-2'), 5 * minute, {
      watch: (_, decision) => {
        fewest = Math.min(fewest, decisionOf(decision, 'blog').services[0]?.available ?? 0);
      },
    });

    expect(names(world)).toEqual(['blog on host-2', 'shop on host-1']);
    expect(fewest).toBe(1);
    expect(steps.find(({ action }) => action.kind === 'create-container')?.cause.reason).toBe(
      'it moves from host "host-1", where it makes room for shop/web (priority 100 above 10)',
    );
    expect(world.journal.slots.get('blog/web/1')?.evicted).toBeUndefined();
  });

  it.each<[string, ServiceFacts]>([
    ['a singleton', { singleton: true }],
    ['no surge', { update: { maxSurge: { kind: 'count', count: 0 } } }],
  ])('does not wait for a budget that leaves no place for two: %s', (_, facts) => {
    const small = anApp('blog', 10, 1.5, facts);
    const { world, steps } = play(
      withHost(crowded([small, onHost1], [small]), 'host-2'),
      5 * minute,
    );

    expect(names(world)).toEqual(['blog on host-2', 'shop on host-1']);
    expect(of(steps, 'blog').slice(0, 3)).toEqual([
      'update-container 1',
      'stop-container 1',
      'remove-container 1',
    ]);
  });

  it('does not wait for what is not well on its other host', () => {
    const { world } = play(withHost(crowded([low, onHost1]), 'host-2'), 20 * minute, {
      fate: ({ host }) =>
        host === 'host-2' ? { state: 'exited', exitCode: 1, published: [] } : {},
    });

    expect(names(world)).toContain('shop on host-1');
  });

  it('is of nothing that is suspended, and for nothing that is', () => {
    const stopped = { ...low, suspend: true };
    const waiting = { ...top, suspend: true };

    expect(names(play(crowded([stopped, top]), 5 * minute).world)).toEqual(['blog on host-1']);
    expect(names(play(crowded([low, waiting]), 5 * minute).world)).toEqual(['blog on host-1']);
    expect(names(play(asking(crowded([low, top]), 'suspend', 'blog'), 5 * minute).world)).toEqual([
      'blog on host-1',
    ]);
  });

  it('takes a slot of a global service from its host, and gives it back', () => {
    const everywhere = anApp('blog', 10, 1.5, { mode: 'global' });
    const { world } = play(crowded([everywhere, top], [everywhere]), 5 * minute);

    expect(names(world)).toEqual(['shop on host-1']);
    expect(message(world, 'blog')).toMatch(/^web\/host-1: made room for shop\/web/);
    expect(names(play(commit(world, [everywhere], 3), 5 * minute).world)).toContain(
      'blog on host-1',
    );
  });

  it('gives what was on a lost host the room of what is less important', () => {
    const before = run(aWorld([top, low], ['host-1', 'host-2'])).world;
    const home = containers(before).find(
      ({ labels }) => labels['fleetwright.app'] === 'shop',
    )?.host;
    const other = home === 'host-1' ? 'host-2' : 'host-1';
    const lone = anUnreachableHost(home ?? '', { since: before.now });
    // Of two hosts, one that is away would be half of them.
    const closed = withHost(before, 'host-3', { cordon: true });
    const { world } = play(seeing(closed, lone), 20 * minute);

    expect(names(world)).toEqual([`shop on ${other}`]);
  });

  it('goes on after a crash in the middle of it', () => {
    const begun = play(crowded(), 4_000).world;
    const anew = { ...begun, readiness: new Map(), failures: new Map(), watchingSince: begun.now };

    expect(begun.journal.slots.get('blog/web/1')?.evicted).toEqual({
      host: 'host-1',
      by: 'shop/web/1',
    });
    expect(names(play(anew, 5 * minute).world)).toEqual(['shop on host-1']);
  });

  it('says nothing of what a lost journal does not know, and comes through', () => {
    const stopped = playUntil(crowded(), (seen) => countLive(seen) === 0).world;
    const { journal } = aWorld([low, top]);
    const forgetful = { ...stopped, journal };

    expect(decide(forgetful).entries.map(({ kind }) => kind)).not.toContain('slot-evicted');
    expect(names(play(forgetful, 5 * minute).world)).toEqual(['shop on host-1']);
  });

  it('is taken back when what was to come is gone before it was made', () => {
    const begun = play(crowded(), 2_000).world;
    const { world } = play(commit(begun, [low], 3), 5 * minute);

    expect(names(world)).toEqual(['blog on host-1']);
    expect(world.journal.slots.get('blog/web/1')?.evicted).toBeUndefined();
  });

  it('is of others than those that run already where names would have it otherwise', () => {
    const apps = ['a', 'b', 'c'].map((name) => anApp(name, 10, 0.6));
    const before = run(aWorld(apps, ['host-1'])).world;
    const { world } = play(commit(before, [...apps, anApp('shop', 100, 0.5)], 2), 5 * minute);
    const left = names(world);

    expect(left).toHaveLength(3);
    expect(left).toContain('shop on host-1');
    expect(names(play(world, 5 * minute).world)).toEqual(left);
  });
});
