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

  it('any way in which services extend and files include each other (law)', () => {
    const file = fc.constantFrom(
      'compose.yaml',
      './a.yaml',
      'b/compose.yaml',
      '../shop/a.yaml',
      '.',
    );
    const name = fc.constantFrom('x', 'y', 'z');
    const reference = fc.oneof(
      name,
      fc.record({ service: name, file }, { requiredKeys: ['service'] }),
      value,
    );
    const service = fc.record({ image: name, extends: reference }, { requiredKeys: ['image'] });
    const include = fc.oneof(
      file,
      fc.record(
        { path: fc.oneof(file, fc.array(file)), project_directory: file, env_file: file },
        {
          requiredKeys: ['path'],
        },
      ),
      value,
    );
    const manifest = fc.record(
      { include: fc.array(include, { maxLength: 2 }), services: fc.dictionary(name, service) },
      { requiredKeys: ['services'] },
    );
    fc.assert(
      fc.property(manifest, manifest, manifest, (root, a, b) => {
        const files = { 'shop/compose.yaml': root, 'shop/a.yaml': a, 'shop/b/compose.yaml': b };
        const texts = Object.entries(files).map(([path, each]) => [path, JSON.stringify(each)]);
        const { diagnostics } = loadFiles(Object.fromEntries(texts) as Record<string, string>);

        expect(diagnostics.every((each) => Object.hasOwn(files, each.file))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
