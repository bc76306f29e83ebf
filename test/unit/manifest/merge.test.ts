import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { mergeNodes, unify } from '../../../src/manifest/merge.ts';
import { locate, type Node } from '../../../src/manifest/node.ts';
import { readVectors, vectorsPresent } from '../../support/compose-vectors.ts';
import { plain, yaml } from '../../support/located-yaml.ts';

function service(text: string): string {
  return `services: {a: ${text}}`;
}

function pools(list: string): string {
  return `networks: {n: {ipam: {config: ${list}}}}`;
}

function merge(base: string, override: string): Node {
  const { node, diagnostics } = mergeNodes(yaml(base, 'base.yaml'), yaml(override, 'over.yaml'));
  expect(diagnostics).toEqual([]);
  return node;
}

describe('mergeNodes()', () => {
  it.each([
    [
      'merges maps and replaces scalars',
      '{image: x, init: true}',
      '{image: y}',
      '{image: y, init: true}',
    ],
    ['appends lists', '{ports: ["1:1"]}', '{ports: ["2:2"]}', '{ports: ["1:1", "2:2"]}'],
    [
      'lets null keep the base',
      '{image: x, labels: {a: b}}',
      '{image: null, labels: }',
      '{image: x, labels: {a: b}}',
    ],
    [
      'takes anything over null',
      '{image: , labels: }',
      '{image: x, labels: [a]}',
      '{image: x, labels: [a]}',
    ],
    [
      'replaces command and entrypoint',
      '{command: [a], entrypoint: a}',
      '{command: b, entrypoint: [b]}',
      '{command: b, entrypoint: [b]}',
    ],
    [
      'replaces healthcheck.test',
      '{healthcheck: {test: [a], retries: 1}}',
      '{healthcheck: {test: b}}',
      '{healthcheck: {test: b, retries: 1}}',
    ],
    [
      'joins environments',
      '{environment: {B: 1.10, A: null}}',
      '{environment: [C=3]}',
      '{environment: [A, B=1.1, C=3]}',
    ],
    [
      'joins labels',
      '{labels: [a=b]}',
      '{labels: {c: true, b: ""}}',
      '{labels: [a=b, b=, c=true]}',
    ],
    [
      'joins texts',
      '{env_file: a, dns: 1.1.1.1}',
      '{env_file: [b], dns: 2.2.2.2}',
      '{env_file: [a, b], dns: [1.1.1.1, 2.2.2.2]}',
    ],
    [
      'joins long env_files',
      '{env_file: [{path: a}]}',
      '{env_file: b}',
      '{env_file: [{path: a}, b]}',
    ],
    [
      'merges networks in either form',
      '{networks: [x, y]}',
      '{networks: {y: {aliases: [z]}}}',
      '{networks: {x: null, y: {aliases: [z]}}}',
    ],
    [
      'merges depends_on in either form',
      '{depends_on: {x: {condition: service_healthy}}}',
      '{depends_on: [y]}',
      '{depends_on: {x: {condition: service_healthy}, y: {condition: service_started, required: true}}}',
    ],
    [
      'merges build in either form',
      '{build: .}',
      '{build: {target: x}}',
      '{build: {context: ., target: x}}',
    ],
    [
      'merges logging of one driver',
      '{logging: {driver: d, options: {a: 1}}}',
      '{logging: {options: {b: 2}}}',
      '{logging: {driver: d, options: {a: 1, b: 2}}}',
    ],
    [
      'replaces logging of another driver',
      '{logging: {driver: d, options: {a: 1}}}',
      '{logging: {driver: e}}',
      '{logging: {driver: e}}',
    ],
    [
      'replaces an ulimit of another form',
      '{ulimits: {n: 1, m: {soft: 1}}}',
      '{ulimits: {n: {hard: 2}, m: {hard: 2}}}',
      '{ulimits: {n: {hard: 2}, m: {soft: 1, hard: 2}}}',
    ],
    [
      'adds only new hosts',
      '{extra_hosts: {h: [1.1.1.1, 2.2.2.2]}}',
      '{extra_hosts: ["h=2.2.2.2", "g=3.3.3.3"]}',
      '{extra_hosts: ["h=1.1.1.1", "h=2.2.2.2", "g=3.3.3.3"]}',
    ],
    [
      'removes what is !reset',
      '{image: x, ports: ["1:1"]}',
      '{ports: !reset [], tty: !reset null}',
      '{image: x}',
    ],
    [
      'replaces what is !override',
      '{ports: ["1:1"], labels: {a: b}}',
      '{ports: !override ["2:2"], labels: !override {}}',
      '{ports: ["2:2"], labels: {}}',
    ],
    ['ignores a !reset of the base', '{ports: !reset []}', '{ports: ["1:1"]}', '{ports: ["1:1"]}'],
    ['replaces a scalar by a map', '{x-a: 1}', '{x-a: {b: 1}}', '{x-a: {b: 1}}'],
  ])('%s', (_, base, override, expected) => {
    expect(plain(merge(service(base), service(override)))).toEqual(plain(service(expected)));
  });

  it('merges address pools by subnet', () => {
    const base = pools('[{subnet: 10.1.0.0/16, gateway: 10.1.0.1}]');
    const merged = merge(base, pools('[{subnet: 10.1.0.0/16, ip_range: 10.1.5.0/24}]'));
    expect(plain(merged)).toEqual(
      plain(pools('[{subnet: 10.1.0.0/16, gateway: 10.1.0.1, ip_range: 10.1.5.0/24}]')),
    );
  });

  it.each([
    ['{ports: ["1:1"]}', '{ports: "1:1"}', 'services.a.ports', 'list', 'scalar'],
    ['{deploy: {mode: global}}', '{deploy: [x]}', 'services.a.deploy', 'map', 'list'],
  ])('refuses to merge %s with %s', (base, override, path, was, is) => {
    const { diagnostics } = mergeNodes(yaml(service(base), 'b.yaml'), yaml(service(override)));
    expect(diagnostics).toEqual([
      expect.objectContaining({
        code: 'merge-conflict',
        path,
        file: 'compose.yaml',
        message: `cannot override ${path}: it is a ${was} in b.yaml:1 and a ${is} here`,
      }),
    ]);
  });

  it('keeps the place of the side that won', () => {
    const node = merge(
      'services:\n  a:\n    image: x\n    environment: {A: 1}\n    init: true',
      'services:\n  a:\n    image: y\n    environment:\n      B: 2',
    );
    const line = (...path: string[]): string => {
      const { value } = locate(node, ['services', 'a', ...path]);
      return `${value.file}:${value.line}`;
    };
    expect(line('image')).toBe('over.yaml:3');
    expect(line('init')).toBe('base.yaml:5');
    expect(line('environment', '0')).toBe('base.yaml:4');
    expect(line('environment', '1')).toBe('over.yaml:5');
    expect(locate(node, ['services', 'a', 'image']).key.file).toBe('over.yaml');
  });
});

describe('unify()', () => {
  it.each([
    ['environment', '[A=1, B=2, A=3, B, A2=4]', '[A=3, B, A2=4]'],
    ['labels', '[a=1, a=2]', '[a=2]'],
    ['cap_add', '[NET_ADMIN, SYS_TIME, NET_ADMIN]', '[NET_ADMIN, SYS_TIME]'],
    ['profiles', '[a, b, a]', '[a, b]'],
    ['expose', '[80, "80", "81"]', '["80", "81"]'],
    [
      'ports',
      '["80:80", "81:80", "80:80/tcp", "80:80/udp"]',
      '["80:80/tcp", "81:80", "80:80/udp"]',
    ],
    [
      'ports',
      '["80:80", {target: 80, published: 80, mode: host}]',
      '[{target: 80, published: 80, mode: host}]',
    ],
    ['ports', '["127.0.0.1:80:80", "0.0.0.0:80:80", "80:80"]', '["127.0.0.1:80:80", "80:80"]'],
    ['ports', '[bad, bad]', '[bad, bad]'],
    [
      'volumes',
      '[a1:/x, b1:/y, {type: tmpfs, target: /x/}]',
      '[{type: tmpfs, target: /x/}, b1:/y]',
    ],
    ['devices', '["/dev/a:/dev/x", "/dev/b:/dev/x:rw"]', '["/dev/b:/dev/x:rw"]'],
    [
      'env_file',
      '[a, {path: b}, {path: a, required: false}]',
      '[{path: a, required: false}, {path: b}]',
    ],
    ['configs', '[a, {source: b, target: /a}, {source: a}]', '[{source: a}]'],
    [
      'secrets',
      '[a, {source: b, target: /run/secrets/a}]',
      '[{source: b, target: /run/secrets/a}]',
    ],
    ['command', '[a, a]', '[a, a]'],
    ['networks', '{n: {aliases: [a, b, a]}}', '{n: {aliases: [a, b]}}'],
  ])('keeps the last of each in %s: %s', (key, list, expected) => {
    const node = unify(yaml(service(`{${key}: ${list}}`)));
    expect(plain(node)).toEqual(plain(service(`{${key}: ${expected}}`)));
  });

  it('drops what is !reset and had nothing to remove', () => {
    expect(plain(unify(yaml('a: !reset []\nb: {c: !reset, d: 1}')))).toEqual({ b: { d: 1 } });
  });

  it('gives back the same node when there is nothing to do', () => {
    const node = yaml(service('{environment: [A=1, B=2], ports: ["1:1"]}'));
    expect(unify(node)).toBe(node);
  });
});

describe('laws of merging', () => {
  const word = fc.constantFrom('a', 'b', 'A=1', 'A=2', '80', '80:80', 'x:/y');
  const key = fc.constantFrom('environment', 'ports', 'labels', 'volumes', 'networks', 'x-a');
  const value = fc.oneof(word, fc.array(word, { maxLength: 4 }), fc.dictionary(word, word));
  const document = fc
    .dictionary(key, value)
    .map((members) => yaml(JSON.stringify({ services: { a: members } })));

  it('merging with nothing changes nothing', () => {
    fc.assert(
      fc.property(document, (node) => {
        expect(mergeNodes(node, yaml('{}')).node).toEqual(node);
        expect(mergeNodes(node, yaml('services: {a: }')).node).toEqual(node);
      }),
    );
  });

  it('unify() is idempotent, also after merging', () => {
    fc.assert(
      fc.property(document, document, (base, override) => {
        const once = unify(mergeNodes(base, override).node);
        expect(unify(once)).toBe(once);
      }),
    );
  });

  it('merging a document with itself and unifying adds nothing to unique lists', () => {
    fc.assert(
      fc.property(fc.array(word), (items) => {
        const node = yaml(JSON.stringify({ services: { a: { environment: items } } }));
        expect(plain(unify(mergeNodes(node, node).node))).toEqual(plain(unify(node)));
      }),
    );
  });
});

describe.skipIf(!vectorsPresent)('vectors of compose-go', () => {
  interface Vector {
    name: string;
    kind?: 'unicity';
    base: string;
    override?: string;
    expected: string;
  }
  const vectors = readVectors<Vector[]>('compose-go/merge.json', []);
  it('are there', () => {
    expect(vectors.length).toBeGreaterThan(0);
  });

  it.each(vectors)('$name', (vector) => {
    const base = yaml(vector.base);
    const merged =
      vector.override === undefined ? base : mergeNodes(base, yaml(vector.override)).node;
    expect(plain(unify(merged))).toEqual(plain(vector.expected));
  });
});
