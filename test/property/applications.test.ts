import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ApplicationSpec } from '../../src/model/application.ts';
import { label } from '../../src/model/labels.ts';
import { anApplication, aService, aWorld, origin } from '../support/builders.ts';
import type { Fate, Run } from '../unit/rollout/scenario.ts';
import { commit, run } from '../unit/rollout/scenario.ts';

/** How one application of a fleet hangs together with the others; it depends on some of those before it. */
interface Shape {
  readonly needs: readonly { readonly of: number; readonly required: boolean }[];
  readonly wave: number;
  readonly group: string | null;
  /** A commit changes it. */
  readonly changes: boolean;
  /** How often its new version is looked at before it exits; null: it runs well. */
  readonly exitsAfter: number | null;
}

const names = ['a', 'b', 'c', 'd', 'e'];

function shapes(exits: fc.Arbitrary<number | null>): fc.Arbitrary<readonly Shape[]> {
  return fc
    .array(
      fc.record({
        needs: fc.array(fc.record({ of: fc.nat(4), required: fc.boolean() }), { maxLength: 2 }),
        wave: fc.nat(2),
        group: fc.constantFrom(null, 'g', 'h'),
        changes: fc.boolean(),
        exitsAfter: exits,
      }),
      { minLength: 1, maxLength: names.length },
    )
    .map((rows) =>
      rows.map((row, index) => ({ ...row, needs: row.needs.filter(({ of }) => of < index) })),
    );
}

/** The names run against the order, so that it is not the alphabet that makes it right. */
function nameOf(index: number): string {
  return names[names.length - 1 - index] ?? '';
}

function applications(
  fleet: readonly Shape[],
  tagOf: (shape: Shape) => string,
): readonly ApplicationSpec[] {
  return fleet
    .map((shape, index) =>
      anApplication([aService({ container: { image: `testapp:${tagOf(shape)}` } })], {
        name: nameOf(index),
        wave: shape.wave,
        rolloutGroup: shape.group,
        dependsOn: shape.needs.map(({ of, required }) => ({
          application: nameOf(of),
          condition: 'healthy',
          required,
          origin,
        })),
      }),
    )
    .toReversed();
}

function fateOf(fleet: readonly Shape[]): Fate {
  const left = new Map(fleet.map(({ exitsAfter }, index) => [nameOf(index), exitsAfter]));
  return ({ labels, spec }) => {
    const name = labels[label.application] ?? '';
    const looks = left.get(name) ?? null;
    if (looks === null || spec.image !== 'testapp:v2') return {};
    left.set(name, looks - 1);
    return looks > 0 ? { health: 'starting' } : { state: 'exited', exitCode: 1 };
  };
}

function update(fleet: readonly Shape[]): Run {
  const before = run(aWorld(applications(fleet, () => 'v1'))).world;
  const after = applications(fleet, ({ changes }) => (changes ? 'v2' : 'v1'));
  return run(commit(before, after, 2), fateOf(fleet));
}

/** The tag of last-known-good. */
function goodOf({ world }: Run, index: number): string {
  const good = world.journal.applications.get(nameOf(index))?.lastKnownGood?.spec;
  return good?.services[0]?.container.image ?? '';
}

describe('applications that wait for each other, and land together', () => {
  it('all change when nothing fails: none waits for ever', () => {
    fc.assert(
      fc.property(shapes(fc.constant(null)), (fleet) => {
        expect(update(fleet).last.settled).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('land with their group or not at all, and never before what they need', () => {
    fc.assert(
      fc.property(shapes(fc.option(fc.nat(12), { freq: 2 })), (fleet) => {
        const end = update(fleet);
        const isNew = (index: number): boolean => goodOf(end, index) === 'testapp:v2';
        const changed = [...fleet.entries()].filter(([, { changes }]) => changes);
        for (const [index, { exitsAfter, group, needs }] of changed) {
          if (exitsAfter !== null) expect(isNew(index)).toBe(false);
          if (!isNew(index)) continue;
          const mates = changed.filter(([, other]) => group !== null && other.group === group);
          expect(mates.every(([other]) => isNew(other))).toBe(true);
          const needed = needs.filter(({ of, required }) => {
            const other = fleet[of];
            // What stands between members of another group cannot wait until that group has landed.
            const lands = other?.group === null || other?.group === group;
            return required && other?.changes === true && lands;
          });
          expect(needed.every(({ of }) => isNew(of))).toBe(true);
        }
      }),
      { numRuns: 25 },
    );
  });
});
