import { describe, expect, it } from 'vitest';

import { toContainerId } from '../../../src/model/names.ts';
import type { LoadSample } from '../../../src/reconcile/load-between.ts';
import { loadBetween } from '../../../src/reconcile/load-between.ts';

const [one, two] = [toContainerId('one'), toContainerId('two')];
const [first, second] = [toContainerId('proxy-1'), toContainerId('proxy-2')];

function sample(facts: Partial<LoadSample>): LoadSample {
  return {
    at: 0,
    cpu: new Map(),
    servers: new Map([[one, 's1']]),
    counts: new Map(),
    countedAt: facts.at ?? 0,
    prometheus: null,
    ...facts,
  };
}

function used(usedNs: number, at: number): LoadSample['cpu'] {
  return new Map([[one, { usedNs, at }]]);
}

describe('the CPUs that an instance used', () => {
  it.each([
    ['by the clock of its host', used(1e9, 5_000), used(4e9, 7_000), 1.5e9],
    ['which may be any', used(1e9, -9_000), used(1e9, -7_000), 0],
  ])('are told %s', (_name, before, after, nanoCpus) => {
    const { cpu } = loadBetween(sample({ cpu: before }), sample({ at: 10_000, cpu: after }));

    expect(cpu.get(one)).toBeCloseTo(nanoCpus);
  });

  it.each([
    ['was not measured before', new Map(), used(4e9, 7_000)],
    ['is not measured now', used(1e9, 5_000), new Map()],
    ['was started anew', used(4e9, 5_000), used(1e9, 7_000)],
    ['was measured twice in one moment', used(1e9, 5_000), used(4e9, 5_000)],
  ])('are not told when it %s', (_name, before, after) => {
    expect(loadBetween(sample({ cpu: before }), sample({ cpu: after })).cpu.size).toBe(0);
  });
});

type Counts = Readonly<Record<string, number | null>>;

function counts(...proxies: readonly (readonly [typeof first, Counts])[]): LoadSample['counts'] {
  return new Map(proxies.map(([id, own]) => [id, new Map(Object.entries(own))]));
}

describe('the requests that an instance was given', () => {
  it.each<[string, LoadSample['counts'], LoadSample['counts'], number | null]>([
    ['of one proxy', counts([first, { s1: 100 }]), counts([first, { s1: 300 }]), 20],
    [
      'of all proxies together',
      counts([first, { s1: 100 }], [second, { s1: 50 }]),
      counts([first, { s1: 200 }], [second, { s1: 100 }]),
      15,
    ],
    [
      'of a proxy that was started anew',
      counts([first, { s1: 900 }]),
      counts([first, { s1: 30 }]),
      3,
    ],
    ['of one that has it only now', counts([first, {}]), counts([first, { s1: 50 }]), 5],
    [
      'of one that is back, as from a lost host, with all that it has ever counted',
      counts([first, { s1: 0 }]),
      counts([first, { s1: 10 }], [second, { s1: 1_000_000 }]),
      null,
    ],
    ['of none', counts([first, {}]), counts([first, {}]), null],
    [
      'of one that does not count',
      counts([first, { s1: null }]),
      counts([first, { s1: null }]),
      null,
    ],
    [
      'of two, of which one does not count',
      counts([first, { s1: 1 }], [second, { s1: null }]),
      counts([first, { s1: 9 }], [second, { s1: null }]),
      null,
    ],
  ])('%s', (_name, before, after, rate) => {
    const load = loadBetween(sample({ counts: before }), sample({ at: 10_000, counts: after }));

    expect(load.requests?.get(one) ?? null).toBe(rate);
    expect(load.requests?.has(two)).toBe(false);
  });

  it('are not told at all when some proxy did not answer, then or now', () => {
    const told = counts([first, { s1: 1 }]);

    for (const [before, after] of [
      [null, told],
      [told, null],
    ] as const) {
      const load = loadBetween(sample({ counts: before }), sample({ at: 1, counts: after }));
      expect(load.requests).toBeNull();
    }
  });
});
