import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles } from '../../support/load-files.ts';

/** Complaints about one service `web` with an image and these lines, as `line:column code: message`. */
function complaints(...lines: readonly string[]): readonly string[] {
  const manifest = `services:\n  web:\n    image: nginx\n${lines.map((line) => `    ${line}\n`).join('')}`;
  return loadFiles({ 'shop/compose.yaml': manifest }).diagnostics.map((each) =>
    formatProblem(each).replace('shop/compose.yaml:', ''),
  );
}

describe('validateShape() reports each mistake once, where it stands', () => {
  it.each([
    {
      name: 'an unknown key',
      lines: ['environmnt: { A: b }'],
      expected: '4:5 unknown-key: unknown key "environmnt" (did you mean "environment"?)',
    },
    {
      name: 'an unknown key that is near to nothing',
      lines: ['frobnicate: 1'],
      expected: '4:5 unknown-key: unknown key "frobnicate"',
    },
    {
      name: 'an unknown key in a closed object of our own',
      lines: ['x-fleetwright:', '  gate: { minHealtyTime: 1s }'],
      expected: '5:15 unknown-key: unknown key "minHealtyTime" (did you mean "minHealthyTime"?)',
    },
    {
      name: 'a key that Compose knows and we do not',
      lines: ['use_api_socket: true'],
      expected: '4:5 unsupported-key: "use_api_socket" is not supported yet',
    },
    {
      name: 'an unsupported key, whatever is below it',
      lines: ['provider: { typ: 1, options: }'],
      expected: '4:5 unsupported-key: "provider" is not supported yet',
    },
    {
      name: 'an unsupported key of a sub-object',
      lines: ['deploy: { resources: { reservations: { generic_resources: [] } } }'],
      expected: '4:44 unsupported-key: "generic_resources" is not supported yet',
    },
    {
      name: 'an ignored key',
      lines: ['ports: [{ target: 80, mode: host }]'],
      expected:
        '4:27 ignored-key: "mode" is ignored: a plain Docker host always publishes on itself',
    },
    {
      name: 'a value of the wrong type',
      lines: ['command: 5'],
      expected: '4:14 wrong-type: "command" must be array, string or null, got integer',
    },
    {
      name: 'a value that is missing',
      lines: ['ports:'],
      expected: '4:11 wrong-type: "ports" must be array, got null',
    },
    {
      name: 'an item of the wrong type',
      lines: ['volumes: ["/a:/a", 5]'],
      expected: '4:24 wrong-type: "volumes.1" must be string or mapping, got integer',
    },
    {
      name: 'a key that is missing, at its parent',
      lines: ['healthcheck: { test: x }', 'ports:', '  - published: 80'],
      expected: '6:9 missing-key: "ports.0" must have the key "target"',
    },
    {
      name: 'a text where a number is needed',
      lines: ['deploy: { replicas: many }'],
      expected: '4:25 invalid-value: "replicas" must be a whole number, got "many"',
    },
    {
      name: 'a dollar sign that is left where a number is needed',
      lines: ['deploy: { replicas: "$$" }'],
      expected: '4:25 invalid-value: "replicas" must be a whole number, got "$"',
    },
    {
      name: 'a number out of range',
      lines: ['deploy: { update_config: { max_failure_ratio: 2 } }'],
      expected: '4:51 invalid-value: "max_failure_ratio" must be at most 1, got 2',
    },
    {
      name: 'a word that is none of those known',
      lines: ['deploy: { update_config: { order: start-frist } }'],
      expected:
        '4:39 invalid-value: "order" must be start-first or stop-first, got "start-frist" (did you mean "start-first"?)',
    },
  ])('$name', ({ lines, expected }) => {
    expect(complaints(...lines)).toEqual([expected]);
  });

  it('all mistakes of a manifest, in the order of their lines', () => {
    const lines = [
      'comand: x',
      'init: maybe',
      'deploy:',
      '  replicas: -1',
      '  mod: global',
      'use_api_socket: true',
    ];

    expect(complaints(...lines).map((each) => each.split(' ')[0])).toEqual([
      '4:5',
      '5:11',
      '7:17',
      '8:7',
      '9:5',
    ]);
  });
});

describe('validateShape() at the top of a manifest', () => {
  it.each([
    {
      name: 'a list',
      manifest: '- a\n',
      expected: '1:1 wrong-type: the file must be mapping, got array',
    },
    {
      name: 'a service that is a text',
      manifest: 'services:\n  web: nginx\n',
      expected: '2:8 wrong-type: "web" must be mapping, got string',
    },
    {
      name: 'a name that no service may have',
      manifest: 'services:\n  "a b": { image: x }\n',
      expected: '2:3 invalid-name: invalid name "a b": must be letters, digits, ".", "_" or "-"',
    },
    {
      name: 'an unsupported key',
      manifest: 'services:\n  web: { image: x }\nsecrets: { a: { external: true } }\n',
      expected: '3:17 unsupported-key: "external" is not supported yet',
    },
    {
      name: 'a version, which is ignored',
      manifest: 'version: "3.8"\nservices:\n  web: { image: x }\n',
      expected: '1:1 ignored-key: "version" is ignored: the Compose Specification has no versions',
    },
  ])('$name', ({ manifest, expected }) => {
    const { diagnostics } = loadFiles({ 'shop/compose.yaml': manifest });

    expect(diagnostics.map(formatProblem)).toEqual([`shop/compose.yaml:${expected}`]);
  });

  it('hints at services: for a file of the first Compose format', () => {
    const { diagnostics } = loadFiles({ 'shop/compose.yaml': 'web:\n  image: nginx\n' });
    const error = diagnostics.find(({ code }) => code === 'unknown-key');

    expect(error).toMatchObject({ line: 1, column: 1, path: 'web' });
    expect(error?.hint).toContain('services:');
  });

  it('accepts x- keys wherever Compose does', () => {
    const manifest = `
x-top: &anchor { interval: 5s }
services:
  x-web:
    image: nginx
    x-note: 1
    healthcheck: { <<: *anchor, x-why: because }
    deploy: { x-a: 1, update_config: { x-b: 2 }, resources: { limits: { x-c: 3 } } }
    networks: { default: { x-d: 4 } }
networks: { default: { x-e: 5 } }
`;

    expect(loadFiles({ 'shop/compose.yaml': manifest }).diagnostics).toEqual([]);
  });
});
