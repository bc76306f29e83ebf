import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import composeSchema from '../../../schemas/compose.schema.json' with { type: 'json' };

import { loadFiles } from '../../support/load-files.ts';

describe('loadManifests() survives', () => {
  const keys = Object.keys(composeSchema.$defs.service.properties);
  const ownKeys = Object.keys(composeSchema.properties['x-fleetwright'].properties);
  const rolloutKeys = Object.keys(composeSchema.$defs.rollout.properties);
  const section = fc.constantFrom('networks', 'volumes', 'configs', 'secrets', 'x-fleetwright');
  const value = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });

  it('any value at any key of a service or of the top (law)', () => {
    const rollout = fc.dictionary(fc.constantFrom(...rolloutKeys), value);
    const own = fc.dictionary(fc.constantFrom(...ownKeys), fc.oneof(value, rollout));
    const document = fc.record({
      own,
      services: fc.dictionary(
        fc.stringMatching(/^[a-z]{1,3}$/),
        fc.dictionary(fc.constantFrom(...keys), value),
      ),
      top: fc.dictionary(
        section,
        fc.oneof(value, fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), value)),
      ),
    });
    fc.assert(
      fc.property(document, ({ services, own: extension, top }) => {
        const text = JSON.stringify({ services, 'x-fleetwright': extension, ...top }, null, 1);
        const lines = text.split('\n').length;
        const { diagnostics } = loadFiles({ 'shop/compose.yaml': text });

        expect(diagnostics.every(({ line }) => line >= 1 && line <= lines)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
