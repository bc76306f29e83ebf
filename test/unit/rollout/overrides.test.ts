import { describe, expect, it } from 'vitest';

import type { ApplicationSpec, ServiceSpec } from '../../../src/model/application.ts';
import { withCombinedHashes } from '../../../src/model/hash.ts';
import { toHostName } from '../../../src/model/names.ts';
import { packOrigins } from '../../../src/model/origin.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { rolloutKey } from '../../../src/rollout/target.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import {
  anApplication,
  aService,
  aWorld,
  origin,
  type ServiceFacts,
} from '../../support/builders.ts';
import { count, idsOf, made, play, playUntil, stepsOn } from './play.ts';
import { commit, containers, decisionOf, edit, exits, run } from './scenario.ts';

const overrideLine = { ...origin, line: 9 };

/** `shop` whose service has another image on some hosts. */
function shop(
  tag: string,
  images: Readonly<Record<string, string>>,
  facts: ServiceFacts = { mode: 'global' },
): readonly ApplicationSpec[] {
  const image = (own: string): ServiceSpec => {
    const container = { ...facts.container, image: `testapp:${own}` };
    const origins = packOrigins(
      new Map([
        ['', origin],
        ['image', own === tag ? origin : overrideLine],
        ['deploy.resources', own === tag ? origin : overrideLine],
      ]),
    );
    return aService({ ...facts, container, origins });
  };
  const variants = Object.entries(images).map(([host, own]) => ({
    hosts: [toHostName(host)],
    service: image(own),
  }));
  const service = variants.length === 0 ? image(tag) : { ...image(tag), variants };
  return [anApplication(withCombinedHashes([service]))];
}

function imagesOf(world: World): Readonly<Record<string, string>> {
  const running = containers(world).filter(({ state }) => state === 'running');
  return Object.fromEntries(
    running.map(({ host, spec }) => [host, spec.image.replace('testapp:', '')]),
  );
}

function keyOf([spec]: readonly ApplicationSpec[]): string {
  return rolloutKey(spec ?? anApplication([]));
}

function stopping(replicas: number, stopGraceMs: number, command: string): ServiceSpec {
  const hooks = { preStop: [{ command: [command] }] };
  return aService({ replicas, container: { stopGraceMs }, hooks });
}

function patient(replicas: number): readonly ApplicationSpec[] {
  const own = stopping(replicas, 60_000, '/own');
  const variants = [{ hosts: [toHostName('host-3')], service: own }];
  return [anApplication([{ ...stopping(replicas, 1_000, '/all'), variants }])];
}

function stopsOf(world: World): readonly unknown[] {
  return run(world).steps.flatMap(({ host, action }) =>
    action.kind === 'stop-container'
      ? [{ host, graceMs: action.graceMs, hooks: action.hooks }]
      : [],
  );
}

describe('a global service with an override', () => {
  const before = run(aWorld(shop('v1', { 'host-2': 'arm1' }))).world;

  it('has on each host what is asked for there', () => {
    expect(imagesOf(before)).toEqual({ 'host-1': 'v1', 'host-2': 'arm1', 'host-3': 'v1' });
    expect(decisionOf(decide(before)).settled).toBe(true);
    expect(predict(before).waves).toEqual([]);
  });

  it('rolls only on the hosts that a change of the override is about', () => {
    const { world, steps } = run(commit(before, shop('v1', { 'host-2': 'arm2' }), 2));

    expect(imagesOf(world)).toEqual({ 'host-1': 'v1', 'host-2': 'arm2', 'host-3': 'v1' });
    expect(made(steps, 'v1')).toEqual([]);
    expect(stepsOn(steps, idsOf(before, 'v1'))).toEqual([]);
    const create = steps.find(({ action }) => action.kind === 'create-container');
    expect(create?.cause).toMatchObject({ path: 'image', origin: overrideLine });
  });

  it('leaves the hosts of the override alone when only the service changes, within one budget', () => {
    let least = Infinity;
    const { world, steps } = playUntil(
      commit(before, shop('v2', { 'host-2': 'arm1' }), 2),
      (now) => {
        least = Math.min(least, count(now, 'v1') + count(now, 'v2') + count(now, 'arm1'));
        return now.journal.applications.get('shop')?.lastKnownGood?.commit.endsWith('2') === true;
      },
    );

    expect(imagesOf(world)).toEqual({ 'host-1': 'v2', 'host-2': 'arm1', 'host-3': 'v2' });
    expect(stepsOn(steps, idsOf(before, 'arm1'))).toEqual([]);
    expect(least).toBe(3);
  });

  it('goes back on all hosts when the version of one fails, and does not try it again', () => {
    const broken = commit(before, shop('v2', { 'host-2': 'broken' }), 2);
    const failed = run(broken, exits('testapp:broken'));

    expect(imagesOf(failed.world)).toEqual({ 'host-1': 'v1', 'host-2': 'arm1', 'host-3': 'v1' });
    const [shopRecord] = failed.world.journal.applications.values();
    expect(shopRecord?.quarantined).toHaveLength(1);
    const other = commit(failed.world, shop('v1', { 'host-2': 'broken' }), 3);
    expect(made(run(other, exits('testapp:broken')).steps, 'broken')).toEqual([]);
    const mended = run(commit(failed.world, shop('v2', { 'host-2': 'arm2' }), 4));
    expect(imagesOf(mended.world)).toEqual({ 'host-1': 'v2', 'host-2': 'arm2', 'host-3': 'v2' });
  });

  it('is made anew where an override begins or ends to hold, as what has proved itself', () => {
    const moved = commit(before, shop('v1', { 'host-3': 'arm1' }), 2);
    const { world, entries } = run(moved);

    expect(imagesOf(world)).toEqual({ 'host-1': 'v1', 'host-2': 'v1', 'host-3': 'arm1' });
    expect(entries.filter(({ kind }) => kind === 'rollout-started')).toEqual([]);
    const ended = run(commit(world, shop('v1', {}), 3));
    expect(imagesOf(ended.world)).toEqual({ 'host-1': 'v1', 'host-2': 'v1', 'host-3': 'v1' });
    expect(stepsOn(ended.steps, idsOf(world, 'v1'))).toEqual([]);
  });

  it('has drift at the line of the override, where one holds', () => {
    const limited = edit(before, (one) => {
      const resources = { ...one.spec.resources, pids: 7 };
      return one.host === 'host-1' ? one : { ...one, spec: { ...one.spec, resources } };
    });

    expect(decisionOf(decide(limited)).drift).toMatchObject([
      { host: 'host-2', path: 'deploy.resources.limits.pids', origin: overrideLine },
      { host: 'host-3', path: 'deploy.resources.limits.pids', origin },
    ]);
  });

  it('is stop-first everywhere when a port of the host is published on one of its hosts', () => {
    const ports = [{ target: 80, protocol: 'tcp', hostIp: '', published: '80' }] as const;
    const withPort = (tag: string): readonly ApplicationSpec[] => {
      const [application] = shop(tag, { 'host-2': tag });
      const [service] = application?.services ?? [];
      if (service === undefined) throw new Error('there is a service');
      const facts: ServiceFacts = { mode: 'global', container: { image: `testapp:${tag}`, ports } };
      const variants = [{ hosts: [toHostName('host-2')], service: aService(facts) }];
      return [anApplication(withCombinedHashes([{ ...service, variants }]))];
    };
    const start = run(aWorld(withPort('v1'))).world;
    const { steps } = run(commit(start, withPort('v2'), 2));

    const kinds = steps.filter(({ slot }) => slot === 'host-1').map(({ action }) => action.kind);
    expect(kinds.indexOf('stop-container')).toBeLessThan(kinds.indexOf('create-container'));
    const reasons = steps.map(({ cause }) => cause.reason);
    expect(reasons).toContain(
      'stop-first: it publishes host port 80, which two instances cannot share',
    );
  });
});

describe('replicas with an override', () => {
  const three: ServiceFacts = { replicas: 3 };

  it('stay where they are when an override changes, and have what is asked for there', () => {
    const before = run(aWorld(shop('v1', {}, three))).world;
    const hosts = containers(before).map(({ host }) => host);
    const { world } = run(commit(before, shop('v1', { 'host-1': 'arm1' }, three), 2));

    expect(containers(world).map(({ host }) => host)).toEqual(hosts);
    expect(imagesOf(world)).toEqual({ 'host-1': 'arm1', 'host-2': 'v1', 'host-3': 'v1' });
  });

  it('become another version when they move to a host with an override', () => {
    const before = run(aWorld(shop('v1', { 'host-1': 'arm1' }, three))).world;
    const { fleet } = before.desired;
    const hosts = fleet.hosts.map((host) => ({ ...host, drain: host.name === 'host-3' }));
    const drained = { ...before, desired: { ...before.desired, fleet: { ...fleet, hosts } } };
    const { world } = run(drained);

    const images = containers(world).map(({ host, spec }) => `${host} ${spec.image}`);
    expect(images.filter((each) => each.startsWith('host-3'))).toEqual([]);
    expect(images).toHaveLength(3);
    expect(
      containers(world).every(({ host, spec }) =>
        host === 'host-1' ? spec.image === 'testapp:arm1' : spec.image === 'testapp:v1',
      ),
    ).toBe(true);
  });

  describe('that differ in how they are stopped alone', () => {
    const asOverridden = [{ host: 'host-3', graceMs: 60_000, hooks: [{ command: ['/own'] }] }];

    it('are so when there are to be fewer', () => {
      const before = run(aWorld(patient(3))).world;

      expect(stopsOf(commit(before, patient(2), 2))).toMatchObject(asOverridden);
    });

    it('are so when they move to another host', () => {
      const before = run(aWorld(patient(3))).world;
      const { fleet } = before.desired;
      const hosts = fleet.hosts.map((host) => ({ ...host, drain: host.name === 'host-3' }));

      const drained = { ...before, desired: { ...before.desired, fleet: { ...fleet, hosts } } };
      expect(stopsOf(drained)).toMatchObject(asOverridden);
    });

    it('are so when their application goes', () => {
      const others = ['a', 'b', 'c'].map((name) => anApplication([aService()], { name }));
      const before = run(aWorld([...patient(3), ...others])).world;

      const stops = stopsOf(commit(before, others, 2));

      expect(stops).toHaveLength(3);
      expect(stops).toContainEqual({
        host: 'host-3',
        graceMs: 60_000,
        hooks: [{ command: ['/own'] }],
      });
    });
  });

  it('show a change of an override in a canary first', () => {
    const steps = [{ slots: { kind: 'count', count: 1 }, bakeMs: 60_000 }] as const;
    const canary: ServiceFacts = { replicas: 3, rollout: { strategy: 'canary', steps } };
    const before = run(aWorld(shop('v1', { 'host-3': 'arm1' }, canary))).world;
    const changed = commit(before, shop('v1', { 'host-3': 'arm2' }, canary), 2);
    const { world } = play(changed, 30_000);

    expect([count(world, 'arm1'), count(world, 'arm2'), count(world, 'v1')]).toEqual([1, 1, 2]);
    expect(count(play(world, 120_000).world, 'arm1')).toBe(0);
  });
});

describe('the version of an application', () => {
  it('is another one with another variant, and the same on other hosts', () => {
    const variant = keyOf(shop('v1', { 'host-2': 'arm1' }));

    expect(keyOf(shop('v1', { 'host-2': 'arm2' }))).not.toBe(variant);
    expect(keyOf(shop('v1', {}))).not.toBe(variant);
    expect(keyOf(shop('v1', { 'host-3': 'arm1' }))).toBe(variant);
  });
});
