import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ApplicationDependency, ApplicationSpec } from '../../../src/model/application.ts';
import { decisionOrder } from '../../../src/rollout/order-applications.ts';
import { anApplication, origin } from '../../support/builders.ts';

function on(application: string): ApplicationDependency {
  return { application, condition: 'healthy', required: true, origin };
}

function app(name: string, wave: number, ...needs: readonly string[]): ApplicationSpec {
  return anApplication([], { name, wave, dependsOn: needs.map(on) });
}

function orderOf(applications: readonly ApplicationSpec[]): readonly string[] {
  return decisionOrder(applications).applications.map(({ name }) => name);
}

describe('decisionOrder()', () => {
  it.each<[string, readonly ApplicationSpec[], readonly string[]]>([
    ['of none', [], []],
    ['by name', [app('c', 0), app('a', 0), app('b', 0)], ['a', 'b', 'c']],
    ['dependencies first', [app('a', 0, 'z'), app('z', 0)], ['z', 'a']],
    [
      'over several steps',
      [app('a', 0, 'b'), app('b', 0, 'c'), app('c', 0), app('d', 0)],
      ['c', 'd', 'b', 'a'],
    ],
    ['waves first', [app('a', 2), app('b', 1), app('c', -1)], ['c', 'b', 'a']],
    ['dependencies within a wave', [app('a', 1, 'b'), app('b', 1), app('c', 0)], ['c', 'b', 'a']],
    ['without those that do not exist', [app('a', 0, 'gone'), app('b', 0)], ['a', 'b']],
    ['of a cycle by name', [app('b', 0, 'a'), app('a', 0, 'b'), app('c', 0, 'b')], ['a', 'b', 'c']],
    ['of one that waits for itself', [app('b', 0, 'b'), app('a', 0)], ['a', 'b']],
  ])('%s', (_name, applications, expected) => {
    expect(orderOf(applications)).toEqual(expected);
  });

  it('takes what a low wave needs into that wave', () => {
    const order = decisionOrder([app('web', 0, 'db'), app('db', 3, 'disk'), app('disk', 5)]);

    expect(Object.fromEntries(order.waves)).toEqual({ web: 0, db: 0, disk: 0 });
    expect(order.applications.map(({ name }) => name)).toEqual(['disk', 'db', 'web']);
  });

  it('takes ten thousand that depend on one, or on each other in a row', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `app-${String(index)}`);
    const hub = [app('hub', 0), ...names.map((name) => app(name, 0, 'hub'))];
    const row = names.map((name, index) => app(name, 0, ...names.slice(index + 1, index + 2)));

    expect(orderOf(hub)[0]).toBe('hub');
    expect(orderOf(row)).toEqual(names.toReversed());
  });
});

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Each depends on some of those before it, so that there is no cycle; and the list is in any order. */
const acyclic = fc
  .array(fc.record({ needs: fc.array(fc.nat(7)), wave: fc.integer({ min: -1, max: 2 }) }), {
    maxLength: names.length,
  })
  .map((rows) =>
    rows.map(({ needs, wave }, index) => {
      const before = needs.filter((number) => number < index).map((number) => names[number] ?? '');
      return app(names[index] ?? '', wave, ...before);
    }),
  )
  .chain((applications) =>
    fc.shuffledSubarray(applications, {
      minLength: applications.length,
      maxLength: applications.length,
    }),
  );

const any = fc
  .array(fc.record({ needs: fc.array(fc.constantFrom(...names, 'gone')), wave: fc.nat(2) }), {
    maxLength: names.length,
  })
  .map((rows) => rows.map(({ needs, wave }, index) => app(names[index] ?? '', wave, ...needs)));

describe('the order', () => {
  it('has each once, whatever is asked for (law)', () => {
    fc.assert(
      fc.property(any, (applications) => {
        const { applications: ordered, waves } = decisionOrder(applications);

        expect(ordered.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(applications);
        expect([...waves.keys()].toSorted()).toEqual(applications.map(({ name }) => name));
      }),
    );
  });

  it('has each after what it depends on, and after lower waves (law)', () => {
    fc.assert(
      fc.property(acyclic, (applications) => {
        const { applications: ordered, waves } = decisionOrder(applications);
        const at = new Map(ordered.map(({ name }, index) => [name, index]));
        for (const [index, { name, dependsOn, wave }] of ordered.entries()) {
          for (const { application } of dependsOn) {
            expect(at.get(application)).toBeLessThan(index);
            expect(waves.get(application)).toBeLessThanOrEqual(waves.get(name) ?? NaN);
          }
          const before = ordered.slice(0, index).map((spec) => waves.get(spec.name) ?? NaN);
          expect(Math.max(-1, ...before)).toBeLessThanOrEqual(waves.get(name) ?? NaN);
          expect(waves.get(name)).toBeLessThanOrEqual(wave);
        }
      }),
    );
  });

  it('does not depend on the order of the list (law)', () => {
    fc.assert(
      fc.property(acyclic, (applications) => {
        expect(decisionOrder(applications).applications).toEqual(
          decisionOrder(applications.toReversed()).applications,
        );
      }),
    );
  });
});
