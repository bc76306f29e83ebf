import { describe, expect, it } from 'vitest';

import type { PlacementInput } from '../../../src/placement/place.ts';
import { place } from '../../../src/placement/place.ts';
import { toHostName } from '../../../src/model/names.ts';
import { aHost, aReachableHost, aService } from '../../support/builders.ts';

/** Services of one slot by priority, each of which needs most of a host. */
function inputOf(
  priorities: Readonly<Record<string, number | undefined>>,
  hosts: readonly string[],
  current: Readonly<Record<string, string>> = {},
): PlacementInput {
  return {
    services: Object.entries(priorities).map(([name, priority]) => ({
      application: 'shop',
      service: aService({
        name,
        reservedNanoCpus: 1.5e9,
        ...(priority === undefined ? {} : { priority }),
      }),
    })),
    hosts: hosts.map((name) => aHost(name)),
    observations: new Map(hosts.map((name) => [toHostName(name), aReachableHost(name)])),
    current: new Map(
      Object.entries(current).map(([name, host]) => [`shop/${name}/1`, toHostName(host)]),
    ),
    avoided: new Map(),
    abandoned: new Set(),
  };
}

/** Services that have a host. */
function placed(input: PlacementInput): readonly string[] {
  return [...place(input).assignments.keys()].map((key) => key.split('/')[1] ?? '').toSorted();
}

describe('place() where not everything has a place', () => {
  it('gives hosts to what is more important', () => {
    const priorities = { a: 100, b: 900, c: 200, d: 800 };

    expect(placed(inputOf(priorities, ['host-1', 'host-2']))).toEqual(['b', 'd']);
  });

  it.each([
    [501, ['a']],
    [499, ['b']],
  ])('takes what says nothing for 500, beside %d', (priority, expected) => {
    expect(placed(inputOf({ a: priority, b: undefined }, ['host-1']))).toEqual(expected);
    expect(placed(inputOf({ b: undefined, a: priority }, ['host-1']))).toEqual(expected);
  });

  it('goes by names among equals', () => {
    expect(placed(inputOf({ b: 7, a: 7 }, ['host-1']))).toEqual(['a']);
  });

  it('leaves its host to what is more important when the two do not fit there any more', () => {
    const both = { a: 'host-1', b: 'host-1' };

    expect(placed(inputOf({ a: 100, b: 900 }, ['host-1'], both))).toEqual(['b']);
  });
});
