import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../../src/model/application.ts';
import { decide } from '../../../src/rollout/decide.ts';
import { aWorld } from '../../support/builders.ts';
import { loadApplication } from '../../support/load-files.ts';
import { play } from './play.ts';
import type { Fate } from './scenario.ts';
import { commit, containers, run, running, stalledBy } from './scenario.ts';

const hosts = ['host-1', 'host-2', 'host-3'];

function shop(
  tag: string,
  hooks: readonly string[],
  more = 'replicas: 3',
): readonly ApplicationSpec[] {
  const written = hooks.map((hook) => `{ command: ${hook} }`).join(', ');
  return [
    loadApplication(`name: shop
services:
  web:
    image: testapp:${tag}
    pre_start: [${written}]
    deploy: { ${more}, update_config: { monitor: 0s } }
  other: { image: testapp:other }
`),
  ];
}

/** Hooks with this command end with code 17. */
function failing(command: string): Fate {
  return ({ spec }) => (spec.command?.[0] === command ? { state: 'exited', exitCode: 17 } : {});
}

/** In the order of their making: services, with the command of the hooks. */
function madeBy({ steps }: ReturnType<typeof run>): readonly string[] {
  return steps.flatMap(({ service, action }) => {
    if (action.kind !== 'create-container') return [];
    const { command } = action.service.container;
    return [command === null ? service : `${service} ${command.join(' ')}`];
  });
}

const first = run(aWorld(shop('v1', ['a', 'b']), hosts));

/** Where the first instance of a service is. */
function hostOf(service: string): string | undefined {
  const found = containers(first.world).find(({ labels }) => {
    return labels['fleetwright.service'] === service && labels['fleetwright.slot'] === '1';
  });
  return found?.host;
}

describe('pre_start hooks', () => {
  it('run one after the other, once, before the first instance', () => {
    const own = madeBy(first).filter((name) => name !== 'other');

    expect(own).toEqual(['web-pre-start-1 a', 'web-pre-start-2 b', 'web', 'web', 'web']);
    expect(decide(first.world).steps).toEqual([]);
  });

  it('run on the host of the first instance', () => {
    expect(hostOf('web-pre-start-1')).toBe(hostOf('web'));
    expect(hostOf('web-pre-start-2')).toBe(hostOf('web'));
  });

  it('do not run again for more instances', () => {
    const more = run(commit(first.world, shop('v1', ['a', 'b'], 'replicas: 5'), 2));

    expect(madeBy(more)).toEqual(['web', 'web']);
  });

  it('run again with another one of them, and then the instances are replaced', () => {
    const next = run(commit(first.world, shop('v1', ['a', 'c']), 2));

    expect(madeBy(next)).toEqual(['web-pre-start-1 a', 'web-pre-start-2 c', 'web', 'web', 'web']);
  });

  it('hold back no other service', () => {
    const { entries, steps } = play(aWorld(shop('v1', ['a', 'b']), hosts), 20_000, {
      fate: ({ spec }) => (spec.command?.[0] === 'a' ? { state: 'running' } : {}),
    });

    expect(entries.some(({ kind }) => kind === 'promoted')).toBe(true);
    const made = steps.filter(({ action }) => action.kind === 'create-container');
    expect(made.map(({ service }) => service).toSorted()).toEqual(['other', 'web-pre-start-1']);
  });

  it.each([
    ['the first', 'a', ['web-pre-start-1 a']],
    ['the second', 'b', ['web-pre-start-1 a', 'web-pre-start-2 b']],
  ])('of which %s fails fail the version, and what serves is not touched', (_name, bad, made) => {
    const before = run(aWorld(shop('v1', []), hosts)).world;
    const serving = containers(before).map(({ id }) => id);

    const after = run(commit(before, shop('v2', ['a', 'b']), 2), failing(bad));

    expect(madeBy(after)).toEqual(made);
    expect(stalledBy(after.last)).toBe('RolledBack');
    const touched = after.steps.flatMap(({ action }) =>
      'guard' in action ? [action.guard.id] : [],
    );
    expect(touched.filter((id) => serving.includes(id))).toEqual([]);
    expect(running(after.world)).toEqual(running(before));
  });

  it('are not run by a rollback', () => {
    const bad = shop('v2', ['c'], 'replicas: 3');

    const after = run(commit(first.world, bad, 2), ({ spec }) =>
      spec.image === 'testapp:v2' && spec.command === null
        ? { state: 'exited', exitCode: 1, published: [] }
        : {},
    );

    expect(stalledBy(after.last)).toBe('RolledBack');
    expect(madeBy(after).filter((name) => name.startsWith('web-pre-start'))).toEqual([
      'web-pre-start-1 c',
    ]);
  });

  it('of a service without instances run anywhere', () => {
    const none = run(aWorld(shop('v1', ['a'], 'replicas: 0'), hosts));

    expect(madeBy(none)).toContain('web-pre-start-1 a');
    expect(stalledBy(none.last)).toBe('');
  });

  it('of a global service run once', () => {
    const all = run(aWorld(shop('v1', ['a'], 'mode: global'), hosts));

    expect(madeBy(all).filter((name) => name !== 'other')).toEqual([
      'web-pre-start-1 a',
      'web',
      'web',
      'web',
    ]);
  });
});
