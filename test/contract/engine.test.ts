import { rm } from 'node:fs/promises';

import { afterAll, beforeAll, describe } from 'vitest';

import { sandboxHost } from '../support/engine-fleet.ts';
import type { HostBench } from './host-bench.ts';
import { hostContract } from './host-contract.ts';
import { realBench } from './real-bench.ts';

describe('a real engine', () => {
  let bench: HostBench | null = null;

  beforeAll(async () => {
    bench = await realBench(sandboxHost(0));
    await bench.clear();
  });

  afterAll(async () => {
    bench?.host.close();
    await rm('/tmp/fleetwright-contract', { recursive: true, force: true });
  });

  hostContract(() => {
    if (bench === null) throw new Error('the sandbox is not up');
    return bench;
  });
});
