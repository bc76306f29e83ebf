import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import type { ObservedContainer } from '../../../src/model/observation.ts';
import type { World } from '../../../src/rollout/world.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { ServiceFacts } from '../../support/builders.ts';
import { aContainer, anApplication, aService, aWorld } from '../../support/builders.ts';
import type { Run } from './scenario.ts';
import { commit, containers, edit, fine, kinds, pass, run } from './scenario.ts';

const mebi = 1024 * 1024;
const { resources } = aContainer();

function web(container: Partial<ContainerSpec>, facts: ServiceFacts = {}): ServiceSpec {
  return aService({ replicas: 3, ...facts, container });
}

function withMemory(megabytes: number | null, facts: ServiceFacts = {}): ServiceSpec {
  const memoryBytes = megabytes === null ? null : megabytes * mebi;
  return web({ resources: { ...resources, memoryBytes } }, facts);
}

/** One that runs, and has proved itself. */
function deployed(service: ServiceSpec): World {
  return run(aWorld([anApplication([service])], ['host-1'])).world;
}

/** What has too little memory does not even start. */
function endsIfSmall({ spec }: ObservedContainer): Partial<ObservedContainer> {
  return spec.resources.memoryBytes === 16 * mebi ? { state: 'exited', exitCode: 137 } : {};
}

function change(from: ServiceSpec, to: ServiceSpec): Run {
  return run(commit(deployed(from), [anApplication([to])], 2));
}

function good(world: World): ContainerSpec | undefined {
  return world.journal.applications.get('shop')?.lastKnownGood?.spec.services[0]?.container;
}

const updates = ['update-container 1', 'update-container 2', 'update-container 3'];

describe('a commit that changes a limit', () => {
  it('changes it in place, slot by slot, and is the cause', () => {
    const after = change(withMemory(256), withMemory(512));

    expect(kinds(after.steps)).toEqual(updates);
    expect(after.steps[0]?.cause).toMatchObject({
      commit: after.world.desired.revision.commit,
      path: 'deploy.resources.limits.memory',
      reason: 'deploy.resources.limits.memory changed, in place',
      changes: [{ path: 'deploy.resources.limits.memory', from: 256 * mebi, to: 512 * mebi }],
    });
    expect(containers(after.world).map(({ spec }) => spec.resources.memoryBytes)).toEqual(
      Array.from({ length: 3 }, () => 512 * mebi),
    );
    expect(good(after.world)?.resources.memoryBytes).toBe(512 * mebi);
    expect(after.last.drift).toEqual([]);
  });

  it('is no drift, and no repair', () => {
    const world = commit(deployed(withMemory(256)), [anApplication([withMemory(512)])], 2);

    const decision = decide(world);

    expect(decision.drift).toEqual([]);
    expect(decision.entries.map(({ kind }) => kind)).toEqual(['changed-in-place']);
  });

  it.each([
    [1, 1],
    [2, 2],
    [0, 3],
  ])('with parallelism %i it changes %i at once', (parallelism, atOnce) => {
    const to = withMemory(128, { update: { parallelism } });

    const decision = decide(commit(deployed(withMemory(256)), [anApplication([to])], 2));

    expect(decision.steps).toHaveLength(atOnce);
  });

  it('goes back when the commit is reverted', () => {
    const there = change(withMemory(256), withMemory(512)).world;

    const back = run(commit(there, [anApplication([withMemory(256)])], 3));

    expect(kinds(back.steps)).toEqual(updates);
    expect(good(back.world)?.resources.memoryBytes).toBe(256 * mebi);
  });

  it('stops at the first instance that does not survive it', () => {
    const isTooSmall = ({ spec }: ObservedContainer): Partial<ObservedContainer> =>
      spec.resources.memoryBytes === 16 * mebi ? { state: 'restarting', exitCode: 137 } : {};

    const after = run(
      commit(deployed(withMemory(256)), [anApplication([withMemory(16)])], 2),
      isTooSmall,
    );

    expect(kinds(after.steps)).toEqual(['update-container 1']);
    expect(after.last.applications[0]?.conditions).toContainEqual(
      expect.objectContaining({ reason: 'CrashLoop', status: true }),
    );
    expect(good(after.world)?.resources.memoryBytes).toBe(256 * mebi);

    const back = run(commit(after.world, [anApplication([withMemory(256)])], 3));

    expect(kinds(back.steps)).toEqual(['update-container 1']);
  });

  it('waits for delay between the slots', () => {
    const to = withMemory(512, { update: { delayMs: 30_000 } });

    const world = commit(deployed(withMemory(256)), [anApplication([to])], 2);
    const first = decide(world);
    const second = decide(pass(world, first, first.steps, fine));

    expect(first.steps).toHaveLength(1);
    expect(second.applications[0]?.waiting).toContainEqual(
      expect.objectContaining({ slot: '2', until: world.now + 30_000 }),
    );
  });

  it.each([
    ['is removed', withMemory(256), withMemory(null)],
    ['is set where none was', withMemory(null), withMemory(256)],
  ])('that %s replaces the instances', (_name, from, to) => {
    const after = change(from, to);

    expect(kinds(after.steps).filter((kind) => kind.startsWith('create'))).toHaveLength(3);
    const create = after.steps.find(({ action }) => action.kind === 'create-container');
    expect(create?.cause.reason).toBe('deploy.resources.limits.memory changed');
  });

  it('is another try of a first version that was given up', () => {
    const failed = run(aWorld([anApplication([withMemory(16)])], ['host-1']), endsIfSmall);

    const after = run(commit(failed.world, [anApplication([withMemory(256)])], 2), endsIfSmall);

    expect(failed.last.applications[0]?.conditions[0]).toMatchObject({ reason: 'Halted' });
    expect(containers(after.world).map(({ state }) => state)).toEqual(
      Array.from({ length: 3 }, () => 'running'),
    );
    expect(after.last.settled).toBe(true);
  });

  it('leaves what a person changed to be healed as drift', () => {
    const world = edit(deployed(withMemory(256)), (one) =>
      one.name.startsWith('shop-web-2')
        ? { ...one, spec: { ...one.spec, resources: { ...resources, memoryBytes: 1 } } }
        : one,
    );

    const decision = decide(world);

    expect(decision.drift).toMatchObject([{ slot: '2', action: 'heal' }]);
    expect(decision.entries.map(({ kind }) => kind)).toEqual(['repaired']);
  });
});

describe('an update that the engine refuses', () => {
  it('puts another instance in the place of the one that cannot be changed', () => {
    const world = commit(deployed(withMemory(256)), [anApplication([withMemory(16)])], 2);
    const [step] = decide(world).steps;
    const failure = {
      class: 'capacity',
      reason: 'UpdateRefused',
      message: 'Cannot update container: device or resource busy',
    } as const;
    const key = step?.key ?? '';
    const failed = {
      action: 'update-container',
      hash: '',
      failure,
      attempts: 1,
      retryAt: 0,
    } as const;

    let now: World = { ...world, failures: new Map([[key, failed]]) };
    const done: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      const decision = decide(now);
      const own = decision.steps.filter((one) => one.key === key);
      done.push(...kinds(own));
      const after = pass(now, decision, decision.steps, fine);
      // As soon as a step of the slot succeeds, the failure is forgotten.
      now = { ...after, failures: own.length > 0 ? new Map() : now.failures };
    }

    expect(done).toEqual([
      'create-container 1',
      'start-container 1',
      'update-container 1',
      'update-container 1',
      'stop-container 1',
      'remove-container 1',
    ]);
    expect(containers(now)).toHaveLength(3);
  });
});

describe('a commit that changes networks', () => {
  const front = { network: 'shop_front', aliases: ['web'] };
  const metrics = { network: 'shop_metrics', aliases: ['web'] };
  const one = { replicas: 1 };
  const networks = [front, metrics].map(({ network: name }) => ({
    name,
    external: false,
    driver: 'bridge',
    internal: false,
    driverOpts: {},
    labels: {},
    origin: { file: 'a', line: 1, column: 1 },
  }));

  function between(from: ContainerSpec['networks'], to: ContainerSpec['networks']): Run {
    const start = aWorld([anApplication([web({ networks: from }, one)], { networks })], ['host-1']);
    const spec = anApplication([web({ networks: to }, one)], { networks });
    return run(commit(run(start).world, [spec], 2));
  }

  it.each<[string, ContainerSpec['networks'], ContainerSpec['networks'], readonly string[]]>([
    ['adds one', [front], [front, metrics], ['connect-network 1']],
    ['takes one away', [front, metrics], [front], ['disconnect-network 1']],
    ['adds an alias', [front], [{ ...front, aliases: ['shop', 'web'] }], ['connect-network 1']],
    [
      'takes an alias away',
      [{ ...front, aliases: ['shop', 'web'] }],
      [front],
      ['connect-network 1'],
    ],
  ])('%s in place', (_name, from, to, expected) => {
    const after = between(from, to);

    expect(kinds(after.steps).filter((kind) => !kind.startsWith('create-network'))).toEqual(
      expected,
    );
    expect(after.steps.at(-1)?.cause.reason).toMatch(/^networks\.\w+ changed, in place$/);
    expect(containers(after.world)[0]?.spec.networks).toEqual(to);
  });

  it.each<[string, ContainerSpec['networks'], ContainerSpec['networks']]>([
    ['the first network', [front], [metrics]],
    ['an address', [front], [{ ...front, ipv4Address: '10.9.0.7' }]],
  ])('replaces for %s, and says so', (_name, from, to) => {
    const after = between(from, to);

    const paths = after.steps.flatMap(({ cause }) => cause.changes.map(({ path }) => path));
    expect(kinds(after.steps)).toContain('create-container 1');
    expect(paths).toContain('networks.front');
  });
});

const dies = ({ spec }: ObservedContainer): Partial<ObservedContainer> =>
  spec.image === 'testapp:v2' && (spec.resources.memoryBytes ?? 0) < 64 * mebi
    ? { state: 'exited', exitCode: 137, oomKilled: true }
    : {};
const v2 = (megabytes: number): ServiceSpec =>
  web(
    { image: 'testapp:v2', resources: { ...resources, memoryBytes: megabytes * mebi } },
    { replicas: 1 },
  );

describe('a version that failed for want of memory', () => {
  it.each(['rollback', 'pause'] as const)('is tried again with more (%s)', (failureAction) => {
    const start = deployed(withMemory(256, { replicas: 1 }));
    const update = { failureAction };
    const spec = (megabytes: number): ReturnType<typeof anApplication> =>
      anApplication([{ ...v2(megabytes), update: { ...v2(1).update, ...update } }]);
    const failed = run(commit(start, [spec(16)], 2), dies);
    expect(failed.world.journal.applications.get('shop')?.quarantined).toHaveLength(1);

    const later = { ...failed.world, now: failed.world.now + 3_600_000 };
    const mended = run(commit(later, [spec(128)], 3), dies);

    expect(containers(mended.world).map(({ spec: { image } }) => image)).toEqual(['testapp:v2']);
    expect(good(mended.world)?.image).toBe('testapp:v2');

    const again = run(commit(mended.world, [spec(16)], 4), dies);

    expect(again.steps).toEqual([]);
    expect(again.last.applications[0]?.target.mode).not.toBe('desired');
  });
});

function names(world: World): readonly string[] {
  return containers(world).map(({ name }) => name);
}

describe('a commit that gives a container a name', () => {
  const plain = web({}, { replicas: 1 });
  const named: ServiceSpec = { ...plain, containerName: 'shop-front' };

  it('renames it in place, and back', () => {
    const before = names(deployed(plain));
    const after = change(plain, named);

    expect(kinds(after.steps)).toEqual(['rename-container 1']);
    expect(after.steps[0]?.cause.reason).toBe('container_name changed, in place');
    expect(names(after.world)).toEqual(['shop-front']);
    expect(after.last.drift).toEqual([]);

    const back = run(commit(after.world, [anApplication([plain])], 3));

    expect(kinds(back.steps)).toEqual(['rename-container 1']);
    expect(names(back.world)).toEqual(before);
  });

  it('replaces it stop-first, for two cannot have the name', () => {
    const next: ServiceSpec = {
      ...web({ image: 'testapp:v2' }, { replicas: 1 }),
      containerName: 'shop-front',
    };

    const after = change(named, next);

    expect(kinds(after.steps).filter((kind) => /^(create|remove)/.test(kind))).toEqual([
      'remove-container 1',
      'create-container 1',
    ]);
    expect(after.steps[0]?.cause).toMatchObject({
      path: 'container_name',
      reason: 'stop-first: it has the name "shop-front", which two containers cannot have',
    });
    expect(names(after.world)).toEqual(['shop-front']);
  });

  it('knows it by that name when the journal is lost', () => {
    const world = deployed(named);
    const { journal } = aWorld([anApplication([named])], ['host-1']);

    const after = run({ ...world, journal });

    expect(after.steps).toEqual([]);
    expect(after.last.drift).toEqual([]);
  });

  it('hands it from one service to the one that it was renamed to', () => {
    const other: ServiceSpec = { ...aService({ name: 'front' }), containerName: 'shop-front' };

    const after = change(named, other);

    expect(kinds(after.steps).slice(-4)).toContain('create-container 1');
    expect(
      containers(after.world).map(({ name, labels }) => [name, labels['fleetwright.service']]),
    ).toEqual([['shop-front', 'front']]);
  });

  it('gives the name back that a person took', () => {
    const world = edit(deployed(named), (one) => ({ ...one, name: 'mine' }));

    const decision = decide(world);

    expect(decision.drift).toMatchObject([{ class: 'renamed', desired: 'shop-front' }]);
    expect(kinds(decision.steps)).toEqual(['rename-container 1']);
    expect(decision.entries.map(({ kind }) => kind)).toEqual(['repaired']);
  });
});
