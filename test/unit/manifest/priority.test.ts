import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles, loadWeb } from '../../support/load-files.ts';

describe('x-fleetwright.priority', () => {
  it('is left out of the hash', () => {
    const service = loadWeb(['x-fleetwright: { priority: 900 }']);

    expect(loadWeb().priority).toBeUndefined();
    expect(service.priority).toBe(900);
    expect(service.hash).toBe(loadWeb().hash);
  });

  it('is that of the application where a service does not say it', () => {
    const { applications } = loadFiles({
      'shop/compose.yaml': [
        'x-fleetwright: { priority: 800 }',
        'services:',
        '  api: { image: nginx }',
        '  web: { image: nginx, x-fleetwright: { priority: 0 } }',
      ].join('\n'),
    });

    expect(applications[0]?.services.map(({ priority }) => priority)).toEqual([800, 0]);
  });

  it.each(['-1', '1001', '1.5', 'high'])('is no %s', (text) => {
    const { diagnostics } = loadFiles({
      'shop/compose.yaml': `services: { web: { image: x, x-fleetwright: { priority: ${text} } } }`,
    });

    expect(diagnostics.map(formatProblem)).toEqual([
      expect.stringMatching(/^shop\/compose\.yaml:1:\d+ /),
    ]);
  });
});
