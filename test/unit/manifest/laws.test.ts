import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalise } from '../../../src/manifest/canonical.ts';
import { parseDotenv } from '../../../src/manifest/dotenv.ts';
import { expand, type Lookup } from '../../../src/manifest/interpolate.ts';
import { mergeNodes, unify } from '../../../src/manifest/merge.ts';
import type { Node, Plain } from '../../../src/manifest/node.ts';
import type { ApplicationSpec } from '../../../src/model/application.ts';
import { loadFiles, type Files } from '../../support/load-files.ts';
import { plain, yaml } from '../../support/located-yaml.ts';

const word = fc.constantFrom('a', 'b', 'c');
const pairs = fc.oneof(
  fc.array(fc.constantFrom('A=1', 'A=2', 'B=1', 'C'), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.oneof(word, fc.constant(null))),
);
const ports = fc.array(fc.constantFrom('80', '8080:80', '127.0.0.1:8081:80', '90-91:90-91/udp'), {
  maxLength: 3,
});
const mounts = fc.array(fc.constantFrom('data:/data', 'data:/data:ro', '/srv:/srv', '/tmp'), {
  maxLength: 3,
});

/** A service that is valid, with whatever else it says. */
const service = fc.record(
  {
    image: word,
    command: fc.array(word, { maxLength: 2 }),
    environment: pairs,
    labels: fc.dictionary(word, word),
    ports,
    volumes: mounts,
    cap_add: fc.array(fc.constantFrom('CHOWN', 'KILL'), { maxLength: 2 }),
    networks: fc.uniqueArray(fc.constantFrom('front', 'back'), { maxLength: 2 }),
    healthcheck: fc.record(
      { test: fc.constantFrom('true', 'false'), retries: fc.nat(3) },
      { requiredKeys: [] },
    ),
    user: word,
  },
  { requiredKeys: [] },
);
const services = fc.dictionary(fc.constantFrom('web', 'db'), service, { maxKeys: 2 });
type Services = Readonly<Record<string, object>>;

function nodeOf(members: Services): Node {
  return yaml(JSON.stringify({ services: members }));
}

/** What a document comes to; its values only. */
function meaning(node: Node): Plain {
  return plain(unify(canonicalise(unify(node)).node));
}

function over(base: Node, override: Node): Node {
  return mergeNodes(base, override).node;
}

describe('laws of merging whole services', () => {
  it('is associative', () => {
    fc.assert(
      fc.property(services, services, services, (...documents) => {
        const [a, b, c] = documents.map(nodeOf) as [Node, Node, Node];
        expect(meaning(over(over(a, b), c))).toEqual(meaning(over(a, over(b, c))));
      }),
    );
  });

  it('may drop duplicates at any time', () => {
    fc.assert(
      fc.property(services, services, (first, second) => {
        const [a, b] = [nodeOf(first), nodeOf(second)];
        expect(meaning(over(unify(a), unify(b)))).toEqual(meaning(over(a, b)));
      }),
    );
  });

  it('repeats nothing: a document over itself is itself', () => {
    fc.assert(
      fc.property(services, (members) => {
        const node = nodeOf(members);
        expect(meaning(over(node, node))).toEqual(meaning(over(node, nodeOf({}))));
      }),
    );
  });
});

const declared = { networks: { front: null, back: null }, volumes: { data: null } };
const base = { image: 'x' };

/** The application of these files, without the places where it is written. */
function specOf(files: Readonly<Record<string, object>>, others: Files = {}): unknown {
  const texts = Object.entries(files).map(([path, value]) => [path, JSON.stringify(value)]);
  const { applications, diagnostics } = loadFiles({
    ...(Object.fromEntries(texts) as Files),
    ...others,
  });
  const [application] = applications;
  if (application === undefined) throw new Error(JSON.stringify(diagnostics));
  return withoutPlaces(application);
}

function withoutPlaces(application: ApplicationSpec): unknown {
  const text = JSON.stringify({ ...application, files: [] }, (key, value: unknown) =>
    key === 'origin' || key === 'origins' ? undefined : value,
  );
  return JSON.parse(text) as unknown;
}

describe('one thing may be said in several ways', () => {
  const manifest = 'shop/compose.yaml';

  it('in an override, in a second document, by extends and by include', () => {
    fc.assert(
      fc.property(service, service, (first, second) => {
        const lower = { ...declared, services: { web: { ...first, ...base } } };
        const upper = { services: { web: second } };
        const expected = specOf({ [manifest]: lower, 'shop/compose.override.yaml': upper });
        const documents = `${JSON.stringify(lower)}\n---\n${JSON.stringify(upper)}\n`;
        const extending = {
          ...declared,
          services: { web: { ...second, extends: { file: 'base.json', service: 'web' } } },
        };
        const including = { include: ['base.json'], ...upper };

        expect(specOf({}, { [manifest]: documents })).toEqual(expected);
        expect(specOf({ [manifest]: extending, 'shop/base.json': lower })).toEqual(expected);
        expect(specOf({ [manifest]: including, 'shop/base.json': lower })).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('in any order of services and of what is included', () => {
    const parts = fc.shuffledSubarray(['a.json', 'b.json', 'c.json'], { minLength: 3 });
    fc.assert(
      fc.property(service, service, service, parts, (a, b, c, include) => {
        const files = {
          'shop/a.json': { ...declared, services: { a: { ...a, ...base } } },
          'shop/b.json': { ...declared, services: { b: { ...b, ...base } } },
          'shop/c.json': { ...declared, services: { c: { ...c, ...base } } },
        };
        const all = { c: { ...c, ...base }, a: { ...a, ...base }, b: { ...b, ...base } };
        const load = (document: object): unknown => {
          // Ports of several services may well clash, which is not what this is about.
          const { diagnostics, applications } = loadFiles(
            Object.fromEntries(
              Object.entries({ ...files, [manifest]: document }).map(([path, value]) => [
                path,
                JSON.stringify(value),
              ]),
            ),
          );
          const [application] = applications;
          return application === undefined
            ? diagnostics.map(({ code }) => code).toSorted()
            : withoutPlaces(application);
        };

        expect(load({ include })).toEqual(load({ ...declared, services: all }));
      }),
      { numRuns: 50 },
    );
  });
});

function lookup(values: Readonly<Record<string, string>>): Lookup {
  return (name) => (Object.hasOwn(values, name) ? values[name] : undefined);
}

describe('laws of interpolation', () => {
  const text = fc.string({ maxLength: 20 });
  const variables = fc.dictionary(word, text);

  it('a dollar sign that is doubled is one, and nothing else changes', () => {
    fc.assert(
      fc.property(text, variables, (template, values) => {
        const expanded = expand(template.replaceAll('$', '$$$$'), lookup(values));
        expect(expanded).toEqual({ kind: 'ok', value: template, unset: [] });
      }),
    );
  });

  it('a value is taken as it is, and never expanded again', () => {
    fc.assert(
      fc.property(text, (value) => {
        const found = lookup({ a: value });
        expect(expand('${a}', found)).toEqual({ kind: 'ok', value, unset: [] });
        expect(expand('${b:-${a}}', found)).toEqual({ kind: 'ok', value, unset: [] });
      }),
    );
  });

  it('one of a default and an alternative applies, for any value', () => {
    fc.assert(
      fc.property(variables, fc.constantFrom('', ':'), (values, colon) => {
        const written = expand(`\${a${colon}-no}\${a${colon}+yes}`, lookup(values));
        const present = Object.hasOwn(values, 'a') && !(colon === ':' && values['a'] === '');
        const value = present ? `${values['a']}yes` : 'no';
        expect(written).toEqual({ kind: 'ok', value, unset: [] });
      }),
    );
  });

  it('templates that do not touch are expanded one by one', () => {
    fc.assert(
      fc.property(
        variables,
        fc.array(fc.constantFrom('${a}', '$b ', '${c:-x}', '-', '$$')),
        (values, parts) => {
          const value = (template: string): string => {
            const expanded = expand(template, lookup(values));
            return expanded.kind === 'ok' ? expanded.value : '';
          };
          expect(value(parts.join(''))).toBe(parts.map(value).join(''));
        },
      ),
    );
  });
});

function read(lines: readonly string[], values: Readonly<Record<string, string>> = {}): unknown {
  const bytes = new TextEncoder().encode(lines.join('\n'));
  const { variables } = parseDotenv('.env', bytes, (name) => values[name]);
  return Object.fromEntries([...variables].map(([name, { value }]) => [name, value]));
}

describe('laws of .env files', () => {
  it('single quotes keep any line as it is', () => {
    const value = fc.string({ maxLength: 20 }).filter((each) => !/['\\\r\n\0]/.test(each));
    fc.assert(
      fc.property(value, (written) => {
        expect(read([`A='${written}'`])).toEqual({ A: written });
      }),
    );
  });

  it('the last of two lines wins, and lines of different names may come in any order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1 }), word, word, (names, first, last) => {
        const lines = names.map((name) => `${name}=${last}`);
        const expected = Object.fromEntries(names.map((name) => [name, last]));
        expect(read([`${names[0]}=${first}`, ...lines])).toEqual(expected);
        expect(read(lines.toReversed())).toEqual(expected);
      }),
    );
  });
});
