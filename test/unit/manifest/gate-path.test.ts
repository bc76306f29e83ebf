import { expect, it } from 'vitest';

import { formatProblem, loadFiles } from '../../support/load-files.ts';

it.each(['/re ady', '/für', '/a\\r\\nX: y', 'ready'])(
  'a gate asks for no path such as "%s", which no request can have',
  (path) => {
    const gate = `gate: { http: { port: 80, path: "${path}" } }`;
    const manifest = `services: { web: { image: x, ports: ["80"], x-fleetwright: { ${gate} } } }`;

    const { diagnostics } = loadFiles({ 'shop/compose.yaml': manifest });

    expect(diagnostics.map(formatProblem)).toEqual([
      expect.stringMatching(/^shop\/compose.yaml:1:94 .*a path that starts with "\/"/),
    ]);
  },
);
