import { describe, expect, it } from 'vitest';

import type { ApplicationSpec, NetworkSpec, ServiceSpec } from '../../../src/model/application.ts';
import type { NetworkAttachment } from '../../../src/model/container.ts';
import { withCombinedHashes } from '../../../src/model/hash.ts';
import { label } from '../../../src/model/labels.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { ObservedNetwork, ReachableHost } from '../../../src/model/observation.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { predict } from '../../../src/rollout/predict.ts';
import type { World } from '../../../src/rollout/world.ts';
import { aForeignContainer, anApplication, aService, aWorld } from '../../support/builders.ts';
import {
  commit,
  containers,
  decisionOf,
  edit,
  exits,
  fine,
  kinds,
  pass,
  run,
  seeing,
} from './scenario.ts';

const origin = { file: 'apps/shop/compose.yaml', line: 20, column: 3 };
const front: NetworkSpec = {
  name: 'shop_front',
  external: false,
  driver: 'bridge',
  internal: false,
  driverOpts: { mtu: '1500' },
  labels: {},
  origin,
};
const wide = { ...front, driverOpts: { mtu: '9000' } };
const attachment: NetworkAttachment = {
  network: 'shop_front',
  aliases: ['web', 'www'],
  ipv4Address: '10.9.0.7',
  driverOptions: { speed: 'high' },
};
const attached = { container: { networks: [attachment] } };

function shop(network: NetworkSpec, facts: Parameters<typeof aService>[0] = {}): ApplicationSpec {
  return anApplication([aService({ ...attached, ...facts })], { networks: [network] });
}

const settled = (spec: ApplicationSpec, hosts: readonly string[]): World =>
  run(aWorld([spec], hosts)).world;

function hostOf(world: World, name = 'host-1'): ReachableHost {
  const host = world.observations.get(toHostName(name));
  if (host?.kind !== 'reachable') throw new Error(`there is no host ${name}`);
  return host;
}

function networkOf(world: World, host = 'host-1'): ObservedNetwork | undefined {
  return hostOf(world, host).networks.find(({ name }) => name === front.name);
}

const anew = [
  'disconnect-network 1',
  'remove-network',
  'create-network',
  'connect-network 1',
] as const;

describe('a network that a commit declares otherwise', () => {
  it('is made anew, and what was on it gets the endpoint that it is to have', () => {
    const after = run(commit(settled(shop(front), ['host-1']), [shop(wide)], 2));

    expect(kinds(after.steps)).toEqual(anew);
    expect(networkOf(after.world)?.settings?.options).toEqual({ mtu: '9000' });
    expect(containers(after.world).map(({ spec }) => spec.networks)).toEqual([[attachment]]);
    expect(after.last.settled).toBe(true);
    expect(after.last.drift).toEqual([]);
  });

  it.each([
    ['its driver', { driver: 'macvlan' }],
    ['that it is internal', { internal: true }],
    ['a label', { labels: { team: 'a' } }],
    ['IPv6', { enableIpv6: true }],
    ['its subnet', { ipam: { pools: [{ subnet: '10.9.0.0/24' }] } }],
  ])('whatever it is that differs: %s', (_, change) => {
    const world = commit(settled(shop(front), ['host-1']), [shop({ ...front, ...change })], 2);
    expect(kinds(run(world).steps)).toEqual(anew);
  });

  it('has the cause with both values and the line', () => {
    const world = commit(settled(shop(front), ['host-1']), [shop(wide)], 2);

    for (const { cause } of decide(world).steps) {
      expect(cause).toMatchObject({
        origin,
        path: 'networks.front',
        reason: expect.stringContaining('loses it for a moment'),
        changes: [{ path: 'networks.front.driver_opts.mtu', from: '1500', to: '9000' }],
      });
    }
    expect(decide(world).drift).toEqual([]);
  });

  it('is no repair, and does not wait like one', () => {
    const world = commit(settled(shop(front), ['host-1']), [shop(wide)], 2);
    expect(run(world).entries.filter(({ kind }) => kind === 'repaired')).toEqual([]);
  });

  it('goes on wherever it was interrupted', () => {
    const start = commit(settled(shop(front), ['host-1']), [shop(wide)], 2);
    let world = start;
    for (let steps = 0; steps < anew.length; steps += 1) {
      const decision = decide(world);
      world = pass(world, decision, decision.steps, fine);
      expect(decide(world).drift).toEqual([]);
      // Later than any wait for another try, so that nothing is left but what can be seen.
      const later = run({ ...world, now: world.now + 3_600_000 });
      expect(kinds(later.steps)).toEqual(anew.slice(steps + 1));
      expect(later.last.settled).toBe(true);
    }
  });

  it('is made anew on one host after the other, and the plan says what is missing meanwhile', () => {
    const spread = { replicas: 4 };
    const unaddressed = { container: { networks: [{ network: 'shop_front', aliases: ['web'] }] } };
    const hosts = ['host-1', 'host-2'];
    const before = settled(shop(front, { ...spread, ...unaddressed }), hosts);
    const world = commit(before, [shop(wide, { ...spread, ...unaddressed })], 2);

    const { waves, lowest, last } = predict(world);

    const steps = waves.flat().map(({ action, host }) => `${action.kind} ${host}`);
    const of = (host: string): readonly string[] =>
      steps.filter((step) => step.endsWith(host)).map((step) => step.replace(` ${host}`, ''));
    const whole = [
      'disconnect-network',
      'disconnect-network',
      'remove-network',
      'create-network',
      'connect-network',
      'connect-network',
    ];
    expect(of('host-1')).toEqual(whole);
    expect(of('host-2')).toEqual(whole);
    expect(steps.indexOf('disconnect-network host-2')).toBeGreaterThan(
      steps.lastIndexOf('connect-network host-1'),
    );
    expect(lowest).toMatchObject([{ service: 'web', desired: 4, before: 4, lowest: 2 }]);
    expect(last.settled).toBe(true);
  });

  it('comes before the new version that the same commit asks for, and the old one serves on', () => {
    const unaddressed: Partial<ServiceSpec['container']> = {
      networks: [{ network: 'shop_front', aliases: ['web'] }],
    };
    const before = settled(shop(front, { container: unaddressed }), ['host-1']);
    const next = shop(wide, { container: { ...unaddressed, environment: { A: 'b' } } });

    const after = run(commit(before, [next], 2));

    expect(kinds(after.steps).slice(0, 5)).toEqual([...anew, 'create-container 1']);
    expect(after.last.settled).toBe(true);
    expect(containers(after.world)).toHaveLength(1);
  });

  it('is joined again by what serves and has not proved itself, when the new version fails', () => {
    const networks = [{ network: 'shop_front', aliases: ['web'] }];
    const before = settled(shop(front, { container: { networks } }), ['host-1']);
    const [[name, record] = []] = before.journal.applications;
    if (name === undefined || record === undefined) throw new Error('nothing was rolled out');
    const applications = new Map([[name, { ...record, lastKnownGood: null }]]);
    const unproved = { ...before, journal: { ...before.journal, applications } };
    const next = shop(wide, { container: { networks, image: 'testapp:bad' } });

    const after = run(commit(unproved, [next], 2), exits('testapp:bad'));

    expect(after.last.applications[0]?.target.mode).toBe('halted');
    const old = containers(after.world).filter(({ state }) => state === 'running');
    expect(old.map(({ spec }) => spec.networks)).toEqual([networks]);
  });

  it('is joined again by what serves on a host with an override until its successor does', () => {
    const networks = [{ network: 'shop_front', aliases: ['web'] }];
    const version = (tag: string): ServiceSpec =>
      aService({ container: { networks, image: `testapp:${tag}` } });
    const varied = (tag: string, network: NetworkSpec): ApplicationSpec => {
      const variants = [{ hosts: [toHostName('host-1')], service: version(`${tag}-arm`) }];
      const services = withCombinedHashes([{ ...version(tag), variants }]);
      return anApplication(services, { networks: [network] });
    };
    const before = settled(varied('v1', front), ['host-1']);

    const { steps } = run(commit(before, [varied('v2', wide)], 2));

    expect(kinds(steps).slice(0, 6)).toEqual(['pull-image', ...anew, 'create-container 1']);
  });

  it.each(['report', 'ignore'] as const)(
    'gets back what was on it where drift of networks is one to %s, however long it takes',
    (choice) => {
      const heal = { network: { choice, origin } };
      const told = (network: NetworkSpec): ApplicationSpec => ({ ...shop(network), heal });
      let world = commit(settled(told(front), ['host-1']), [told(wide)], 2);
      for (const kind of anew) {
        const decision = decide(world);
        expect(kinds(decision.steps)).toEqual([kind]);
        expect(decision.drift).toEqual([]);
        expect(decision.ignored).toEqual([]);
        const next = pass(world, decision, decision.steps, fine);
        world = { ...next, now: next.now + 3_600_000 };
      }

      expect(containers(world).map(({ spec }) => spec.networks)).toEqual([[attachment]]);
      const after = run(world);
      expect(after.last.settled).toBe(true);
      const off = edit(after.world, (one) => ({ ...one, spec: { ...one.spec, networks: [] } }));
      expect(decide(off).steps).toEqual([]);
    },
  );

  it('waits while its application is suspended', () => {
    const before = settled(shop(front), ['host-1']);
    const suspended = { ...shop(wide), suspend: true };
    expect(run(commit(before, [suspended], 2)).steps).toEqual([]);
  });
});

describe('a network that is left as it is', () => {
  it('has containers of others on it: it says which', () => {
    const world = asked();
    const stranger = { ...aForeignContainer('by-hand'), networks: [front.name] };
    const other = { ...aForeignContainer('elsewhere') };
    const host = { ...hostOf(world), unmanaged: [stranger, other] };

    expect(reported(seeing(world, host))).toMatchObject([
      item('container "by-hand" is on it and not of this application'),
    ]);
  });

  it('has a container of another application on it', () => {
    const world = asked();
    const mine = containers(world)[0];
    if (mine === undefined) throw new Error('it has no container');
    const labels = { ...mine.labels, [label.self]: 'a copy' };
    const copy = { ...mine, id: `${mine.id} copy` as typeof mine.id, name: 'copy', labels };
    const host = { ...hostOf(world), containers: [mine, copy] };

    expect(reported(seeing(world, host))).toMatchObject([
      item('container "copy" is on it and not of this application'),
    ]);
  });

  it('was made by somebody else', () => {
    const world = asked();
    const networks = [{ ...networkOf(world), labels: {} } as ObservedNetwork];

    expect(reported(seeing(world, { ...hostOf(world), networks }))).toMatchObject([
      item('it was not made for this application'),
    ]);
  });

  it('was made as the manifest says, and the engine has made something else of it', () => {
    const world = settled(shop(wide), ['host-1']);
    const network = networkOf(world);
    if (network?.settings === undefined) throw new Error('it has no network');
    const settings = { ...network.settings, options: { mtu: '1500' } };
    const networks = [{ ...network, settings }];

    expect(reported(seeing(world, { ...hostOf(world), networks }))).toMatchObject([
      item('this is what the engine has made of it'),
    ]);
  });

  it('is to have a subnet that another one has', () => {
    const ipam = { pools: [{ subnet: '10.9.0.0/16' }] };
    const world = commit(settled(shop(front), ['host-1']), [shop({ ...front, ipam })], 2);
    const settings = { options: {}, enableIpv6: false, ipamDriver: 'default' };
    const other: ObservedNetwork = {
      id: 'other',
      name: 'other',
      driver: 'bridge',
      internal: false,
      labels: {},
      settings: { ...settings, pools: [{ subnet: '10.9.8.0/24' }] },
    };
    const host = hostOf(world);
    const networks = [...host.networks, other];

    expect(reported(seeing(world, { ...host, networks }))).toMatchObject([
      { note: expect.stringContaining('overlaps with 10.9.8.0/24 of network "other"') },
    ]);
  });

  it('cannot be removed: what was taken off it is put back until the next try', () => {
    const world = asked();
    const off = edit(world, (container) => ({
      ...container,
      spec: { ...container.spec, networks: [] },
    }));
    const failure = { class: 'infrastructure', reason: 'EngineFailure', message: 'no' } as const;
    const failed = { action: 'remove-network', hash: '', failure, attempts: 1 } as const;
    const retryAt = world.now + 60_000;
    const failures = new Map([['host-1/network/shop_front', { ...failed, retryAt }]]);

    const decision = decide({ ...off, failures });

    expect(kinds(decision.steps)).toEqual(['connect-network 1']);
    expect(decision.wakeAt).toBeLessThanOrEqual(retryAt);
  });
});

function asked(): World {
  return commit(settled(shop(front), ['host-1']), [shop(wide)], 2);
}

/** The drift of a world that is left as it is. */
function reported(world: World): unknown {
  const after = run(world);
  expect(after.steps).toEqual([]);
  expect(after.last.settled).toBe(true);
  return decisionOf(after.last).drift;
}

function item(note: string): object {
  return {
    service: '',
    class: 'network',
    path: 'networks.front.driver_opts.mtu',
    desired: '9000',
    observed: '1500',
    origin,
    action: 'report',
    note: expect.stringContaining(note),
  };
}
