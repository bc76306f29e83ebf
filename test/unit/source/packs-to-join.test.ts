import { describe, expect, it } from 'vitest';

import { packsToJoin } from '../../../src/source/packs-to-join.ts';

describe('packsToJoin()', () => {
  it.each([
    { name: 'nothing of nothing', sizes: [], joined: 0 },
    { name: 'no pack alone', sizes: [5], joined: 0 },
    { name: 'all of one size', sizes: [5, 5, 5], joined: 3 },
    { name: 'the small ones and not the large one', sizes: [1000, 5, 5, 5], joined: 3 },
    { name: 'a large one at last', sizes: [1000, 500, 5, 5], joined: 4 },
    { name: 'none of which each is more than twice all before', sizes: [1, 3, 9, 27], joined: 0 },
  ])('takes $name', ({ sizes, joined }) => {
    const bySize = new Map(sizes.map((bytes, nth) => [`${nth}`, bytes]));

    const names = packsToJoin(bySize);

    const smallest = sizes.toSorted((a, b) => a - b).slice(0, joined);
    expect(names.map((name) => bySize.get(name))).toEqual(smallest);
  });

  it('leaves few packs of many fetches, and copies little for them', () => {
    let sizes = new Map<string, number>();
    let copied = 0;
    for (let fetch = 0; fetch < 10_000; fetch += 1) {
      sizes.set(`fetched ${fetch}`, 1);
      if (sizes.size < 50) continue;
      const names = packsToJoin(sizes);
      const bytes = names.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
      copied += bytes;
      const left = [...sizes].filter(([name]) => !names.includes(name));
      sizes = new Map([...left, [`joined ${fetch}`, bytes]]);
    }

    expect(sizes.size).toBeLessThanOrEqual(50);
    expect(copied).toBeLessThan(10 * 10_000);
  });
});
