import { describe } from 'vitest';

import { hostContract } from './host-contract.ts';
import { simulatedBench } from './simulated-bench.ts';

describe.each(['1.41', '1.45'] as const)('the simulated engine with API %s', (apiVersion) => {
  const bench = simulatedBench(apiVersion);

  hostContract(() => bench);
});
