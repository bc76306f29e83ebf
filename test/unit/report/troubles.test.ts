import { describe, expect, it } from 'vitest';

import { findLevels, type Levels } from '../../../src/report/troubles.ts';
import { decide } from '../../../src/rollout/decide.ts';
import type { World } from '../../../src/rollout/world.ts';
import {
  aDriftItem,
  anApplication,
  anUnreachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';
import { commit, exits, run, seeing } from '../rollout/scenario.ts';

const service = aService({ replicas: 2 });
const good = run(aWorld([anApplication([service])])).world;
const next = [anApplication([aService({ replicas: 2, container: { image: 'testapp:v2' } })])];
const failed = run(commit(good, next, 2), exits('testapp:v2')).world;

function levelsOf(world: World): Levels {
  return findLevels(decide(world), world.desired.revision.commit);
}

const keysOf = ({ troubles }: Levels): readonly string[] => troubles.map(({ key }) => key);

describe('findLevels()', () => {
  it('has nothing to say of a fleet that is as its commit asks, but that it is', () => {
    const levels = levelsOf(good);

    expect(levels.troubles).toEqual([]);
    expect(levels.converged).toBe(good.desired.revision.commit);
    expect([...levels.ready]).toEqual(['shop']);
  });

  it('leaves a failed revision to what the history says of it', () => {
    const levels = levelsOf(failed);

    expect(keysOf(levels)).toEqual([]);
    expect(levels.converged).toBeNull();
    expect([...levels.ready]).toEqual([]);
    expect([...levels.applications]).toEqual(['shop']);
  });

  it('tells why an application cannot go on', () => {
    const constraint = {
      key: 'node.labels.zone',
      operator: '==',
      value: 'moon',
      text: 'zone',
      origin: good.desired.fleet.origin,
    } as const;
    const levels = levelsOf(aWorld([anApplication([aService({ constraints: [constraint] })])]));

    expect(levels.troubles).toMatchObject([
      { key: 'health/shop', event: 'application-stalled', patienceMs: 30_000 },
    ]);
    expect(levels.troubles[0]?.message).toBe('Unplaceable: web/1: 0 of 3 hosts: 3 constraint zone');
  });

  it('tells that the operator may be cut off when no host can be seen', () => {
    const away = ['host-1', 'host-2', 'host-3'].reduce(
      (world, host) => seeing(world, anUnreachableHost(host, { since: good.now - 90_000 })),
      good,
    );

    expect(levelsOf(away).troubles).toContainEqual({
      key: 'operator',
      event: 'operator-isolated',
      application: '',
      message: expect.stringMatching(/^no host can be reached: /) as string,
      patienceMs: 30_000,
    });
  });

  it('tells at once what is only reported, and later what is not put right in time', () => {
    const drift = [
      aDriftItem({ action: 'report', path: 'image', note: 'it is left alone' }),
      aDriftItem({ action: 'report', path: 'user' }),
      aDriftItem({ action: 'heal' }),
    ];
    const { troubles } = findLevels({ ...decide(good), drift }, good.desired.revision.commit);

    expect(troubles.map(({ key, patienceMs }) => [key, patienceMs])).toEqual([
      ['drift-report/shop', 0],
      ['drift-heal/shop', 120_000],
    ]);
    expect(troubles[0]?.message).toMatch(
      /^2 differences; web\/1 on host-1: .*image: it is left alone$/,
    );
  });

  it('tells of an application that runs worse than it is to', () => {
    const decision = decide(good);
    const [shop] = decision.applications;
    if (shop === undefined) throw new Error('there is an application');
    const services = shop.services.map((one) => ({ ...one, available: 1 }));
    const worse = { ...shop, health: 'degraded', services } as const;

    expect(
      findLevels({ ...decision, applications: [worse] }, good.desired.revision.commit).troubles,
    ).toMatchObject([
      { event: 'application-degraded', message: 'it is degraded; available: web 1/2' },
    ]);
    for (const facts of [{ suspended: true }, { rollout: {} as never }]) {
      const excused = { ...worse, ...facts };
      expect(
        keysOf(findLevels({ ...decision, applications: [excused] }, good.desired.revision.commit)),
      ).toEqual([]);
    }
  });
});
