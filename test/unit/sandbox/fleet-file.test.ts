import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { validateFleet } from '../../../src/generated/validators.js';
import { renderFleetFile } from '../../../src/sandbox/fleet-file.ts';
import { hostLayout, layoutOf } from '../../../src/sandbox/layout.ts';
import { describeHost } from '../../../src/sandbox/sandbox-host.ts';

describe('renderFleetFile()', () => {
  const layout = layoutOf('/srv/fleet');
  const hosts = [1, 2, 3, 4].map((index) =>
    describeHost(hostLayout(layout, index), `10.77.3.${10 + index}`),
  );

  it('writes what the schema of fleet.yaml takes', () => {
    const written: unknown = parse(renderFleetFile(layout.fleetName, hosts));

    expect(validateFleet(written), JSON.stringify(validateFleet.errors)).toBe(true);
  });

  it('gives the hosts labels to place by', () => {
    const { hosts: written } = parse(renderFleetFile(layout.fleetName, hosts)) as {
      hosts: { labels: object }[];
    };

    expect(written.map(({ labels }) => labels)).toEqual([
      { zone: 'a', disk: 'ssd' },
      { zone: 'b' },
      { zone: 'c' },
      { zone: 'a' },
    ]);
  });
});
