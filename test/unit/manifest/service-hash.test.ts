import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { digestOf } from '../../../src/model/digest.ts';
import { loadService, loadWeb } from '../../support/load-files.ts';

const base = [
  'environment: { A: "1", B: x }',
  'ports: ["8080:80"]',
  'deploy: { resources: { limits: { memory: 64m } } }',
  'labels: { tier: front }',
  'configs: [conf]',
];
const after = 'configs: { conf: { content: hello } }\n';

function hashOf(lines: readonly string[], tail = after): string {
  return loadWeb(lines, tail).hash;
}

/** The same values, written in some order. */
function written(order: readonly string[], inList: boolean): readonly string[] {
  return [
    inList
      ? `environment: [${order.map((name) => `${name}=v${name}`).join(', ')}]`
      : `environment: { ${order.map((name) => `${name}: v${name}`).join(', ')} }`,
    `cap_add: [${order.map((name) => `X_${name}`).join(', ')}]`,
    `labels: { ${order.map((name) => `l.${name}: x`).join(', ')} }`,
  ];
}

function environment(values: Readonly<Record<string, string>>): readonly string[] {
  return [`environment: ${JSON.stringify(values).replaceAll('$', '$$$$')}`];
}

describe('the hash of a service', () => {
  it.each([
    { name: 'comments', lines: ['# a comment', ...base] },
    { name: 'the order of keys', lines: base.toReversed() },
    { name: 'a list of assignments', lines: ['environment: [B=x, A=1]', ...base.slice(1)] },
    { name: 'a number for a text', lines: ['environment: { A: 1, B: x }', ...base.slice(1)] },
    {
      name: 'bytes for a size',
      lines: base.map((line) => line.replace('64m', '"67108864"')),
    },
    {
      name: 'the long form of a port',
      lines: base.map((line) =>
        line.startsWith('ports') ? 'ports: [{ target: 80, published: 8080 }]' : line,
      ),
    },
    {
      name: 'replicas',
      lines: base.map((line) => line.replace('deploy: {', 'deploy: { replicas: 9,')),
    },
    {
      name: 'placement and rollout',
      lines: base.map((line) =>
        line.replace(
          'deploy: {',
          'deploy: { placement: { constraints: [node.hostname != a] }, update_config: { parallelism: 3 }, rollback_config: { order: stop-first },',
        ),
      ),
    },
    {
      name: 'the strategy of the rollout',
      lines: [
        ...base,
        'x-fleetwright: { rollout: { strategy: canary, steps: [{ replicas: 1 }] } }',
      ],
    },
    { name: 'being a singleton', lines: [...base, 'x-fleetwright: { singleton: true }'] },
    { name: 'the restart policy', lines: [...base, 'restart: always'] },
    { name: 'another limit', lines: base.map((line) => line.replace('64m', '65m')) },
    { name: 'the time to stop', lines: [...base, 'stop_grace_period: 9s'] },
  ])('does not change with $name', ({ lines }) => {
    expect(hashOf(lines)).toBe(hashOf(base));
  });

  it.each([
    { name: 'the command', lines: [...base, 'command: x'] },
    { name: 'a variable', lines: ['environment: { A: "2", B: x }', ...base.slice(1)] },
    { name: 'a variable more', lines: ['environment: { A: "1", B: x, C: "" }', ...base.slice(1)] },
    { name: 'a port', lines: base.map((line) => line.replace('8080:80', '8081:80')) },
    { name: 'a limit less', lines: base.map((line) => line.replace('memory: 64m', '')) },
    { name: 'a label', lines: base.map((line) => line.replace('front', 'back')) },
    { name: 'the content of a config', lines: base, tail: after.replace('hello', 'hallo') },
    {
      name: 'the mode of a file',
      lines: base.map((line) => line.replace('[conf]', '[{ source: conf, mode: 0400 }]')),
    },
  ])('changes with $name', ({ lines, tail }) => {
    expect(hashOf(lines, tail)).not.toBe(hashOf(base));
  });

  it('does not change with the order in which variables, labels and capabilities are written (law)', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,6}$/), { minLength: 1, maxLength: 6 });
    const shuffled = names.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        fc.boolean(),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([list, other, asList]) => {
        expect(hashOf(written(other, asList))).toBe(hashOf(written(list, false)));
      }),
      { numRuns: 50 },
    );
  });

  it('changes with every other set of variables (law)', () => {
    const variables = fc.dictionary(fc.stringMatching(/^[A-Z]{1,3}$/), fc.string());
    fc.assert(
      fc.property(variables, variables, (one, other) => {
        const isSame = digestOf(one) === digestOf(other);

        expect(hashOf(environment(one)) === hashOf(environment(other))).toBe(isSame);
      }),
      { numRuns: 50 },
    );
  });

  it('changes with the image, and not with how the image is spelled', () => {
    const hashes = ['nginx:1', 'docker.io/library/nginx:1', 'nginx:2'].map(
      (image) => loadService(`services: { web: { image: "${image}" } }`).hash,
    );

    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });
});
