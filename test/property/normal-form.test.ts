import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareImmutable, compareResources } from '../../src/drift/compare-container.ts';
import { createBody } from '../../src/fleet/create-body.ts';
import { projectContainer } from '../../src/fleet/project-container.ts';
import type { ServiceSpec } from '../../src/model/application.ts';
import { toCommitSha, toHostName } from '../../src/model/names.ts';
import { noDefaults } from '../../src/model/observation.ts';
import { inspected } from '../support/inspected.ts';
import { keySamples } from '../support/key-samples.ts';
import { loadWeb } from '../support/load-files.ts';
import { anIdentity } from '../unit/fleet/builders.ts';

/** What cannot stand beside others, or is one of two notations of the same thing. */
const alone = new Set([
  'network_mode',
  'cpus',
  'cpu_quota',
  'deploy.resources',
  'gpus',
  'mac_address',
]);

/** Lines that say one thing each, by the key that they begin with. */
const lines = new Map(
  keySamples
    .filter(({ key, after }) => after === undefined && !alone.has(key) && !key.includes('.'))
    .flatMap((sample) => (sample.lines.length === 1 ? sample.lines : []))
    .map((line) => [line.slice(0, line.indexOf(':')), line] as const),
);

/** Some keys of a service, in any order. */
const someLines = fc.shuffledSubarray([...lines.values()]);

function observedAgain(service: ServiceSpec): ReturnType<typeof projectContainer> {
  const commit = toCommitSha('a'.repeat(40));
  const context = { apiVersion: '1.51', commit, address: '10.0.0.1' };
  const body = createBody(service, anIdentity(), context);
  return projectContainer(toHostName('h'), inspected(body), 0);
}

describe('a service with any keys in any order', () => {
  it('comes back from the engine without a difference', () => {
    expect(lines.size).toBeGreaterThan(40);
    fc.assert(
      fc.property(someLines, (some) => {
        const { container } = loadWeb(some);

        const { spec } = observedAgain(loadWeb(some));

        expect(compareImmutable(container, spec, noDefaults)).toEqual([]);
        expect(compareResources(container.resources, spec.resources)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('has the hash that it has in any other order', () => {
    fc.assert(
      fc.property(someLines, (some) => {
        expect(loadWeb(some).hash).toBe(loadWeb(some.toSorted()).hash);
      }),
      { numRuns: 300 },
    );
  });

  it('differs by its hash from one with other keys', () => {
    fc.assert(
      fc.property(someLines, someLines, (some, others) => {
        const isSame = some.toSorted().join('\n') === others.toSorted().join('\n');
        expect(loadWeb(some).hash === loadWeb(others).hash).toBe(isSame);
      }),
      { numRuns: 300 },
    );
  });
});
