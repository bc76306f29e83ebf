import { describe, expect, it } from 'vitest';

import type { LoadedManifests } from '../../../src/manifest/manifest.ts';
import { formatProblem, loadFiles } from '../../support/load-files.ts';

const hosts = [
  '{ name: a, endpoint: "unix:///a", labels: { zone: eu, ssd: true } }',
  '{ name: b, endpoint: "unix:///b", labels: { zone: us } }',
].join(', ');

/** A commit whose fleet has these namespaces, and whose applications these manifests. */
function load(
  namespaces: string,
  applications: Readonly<Record<string, readonly string[]>>,
): LoadedManifests {
  const files = Object.entries(applications).map(([name, lines]): [string, string] => [
    `${name}/compose.yaml`,
    lines.join('\n'),
  ]);
  const fleet = `name: f\nhosts: [${hosts}]\n${namespaces === '' ? '' : `namespaces: ${namespaces}\n`}`;
  return loadFiles({ 'fleet.yaml': fleet, ...(Object.fromEntries(files) as object) });
}

function problems(loaded: LoadedManifests): readonly string[] {
  return loaded.diagnostics.map(formatProblem);
}

/** An application in a namespace, with one service. */
function inside(namespace: string, deploy: string): readonly string[] {
  return [
    `x-fleetwright: { namespace: ${namespace} }`,
    `services: { web: { image: x, deploy: { ${deploy} } } }`,
  ];
}

const plain = ['services: { web: { image: x } }'];

describe('x-fleetwright.namespace', () => {
  it('is free while fleet.yaml names none', () => {
    const { applications, diagnostics } = load('', { shop: inside('prod', 'replicas: 1') });

    expect(diagnostics).toEqual([]);
    expect(applications[0]?.namespace).toEqual({
      name: 'prod',
      origin: { file: 'shop/compose.yaml', line: 1, column: 29 },
    });
  });

  it('must be one of those that it names, with what was meant', () => {
    const loaded = load('{ prod: {}, test: {} }', { shop: inside('prd', 'replicas: 1') });

    expect(problems(loaded)).toEqual([
      'shop/compose.yaml:1:29 unknown-namespace: application "shop" is in namespace "prd", which fleet.yaml does not name (did you mean "prod"?)',
    ]);
    expect(loaded.applications).toEqual([]);
  });

  it.each<[string, readonly string[]]>([
    ['left out', plain],
    ['default', inside('default', 'replicas: 1')],
  ])('may be %s where others are named', (_, lines) => {
    expect(problems(load('{ prod: {} }', { shop: lines }))).toEqual([]);
  });

  it('changes no hash', () => {
    const [before, after] = [plain, inside('prod', 'replicas: 1')].map(
      (lines) => load('', { shop: lines }).applications[0]?.services[0]?.hash,
    );

    expect(after).toBe(before);
  });

  it('is a name', () => {
    const loaded = load('', { shop: inside('"Prod EU"', 'replicas: 1') });

    expect(problems(loaded)).toEqual([expect.stringContaining('shop/compose.yaml:1:29')]);
  });
});

/** How many problems a global service makes where one instance is allowed. */
function over(namespace: string, constraint: string): number {
  const deploy = `mode: global, placement: { constraints: [${constraint}] }`;
  const namespaces = `{ prod: { quota: { replicas: 1 }${namespace} } }`;
  return load(namespaces, { shop: inside('prod', deploy) }).diagnostics.length;
}

describe('a quota', () => {
  const two = {
    blog: inside('prod', 'replicas: 2, resources: { reservations: { cpus: "0.5", memory: 1g } }'),
    shop: inside('prod', 'replicas: 6, resources: { limits: { cpus: "1", memory: 512m } }'),
  };

  it.each(['cpus: 7', 'memory: 5g', 'replicas: 8', 'cpus: 7, memory: 5g, replicas: 8'])(
    'of %s is met by as much',
    (quota) => {
      const loaded = load(`{ prod: { quota: { ${quota} } } }`, two);

      expect(problems(loaded)).toEqual([]);
      expect(loaded.applications).toHaveLength(2);
    },
  );

  it.each([
    ['cpus: 6.9', 'asks for 7 CPUs, and its quota is 6.9 CPUs: shop 6 CPUs, blog 1 CPU'],
    ['memory: 4g', 'asks for 5 GiB, and its quota is 4 GiB: shop 3 GiB, blog 2 GiB'],
    [
      'replicas: 7',
      'asks for 8 instances, and its quota is 7 instances: shop 6 instances, blog 2 instances',
    ],
  ])('of %s is exceeded at the application that asks for most', (quota, words) => {
    const loaded = load(`{ prod: { quota: { ${quota} } } }`, two);

    expect(problems(loaded)).toEqual([
      `shop/compose.yaml:1:29 quota-exceeded: namespace "prod" ${words}`,
    ]);
    expect(loaded.diagnostics[0]?.hint).toMatch(/namespaces\.prod\.quota\.\w+ \(fleet\.yaml:3\)$/);
  });

  it('holds for each namespace by itself', () => {
    const applications = { ...two, more: inside('test', 'replicas: 9') };

    expect(problems(load('{ prod: { quota: { replicas: 8 } }, test: {} }', applications))).toEqual(
      [],
    );
  });

  it('of the namespace default is that of applications that name none', () => {
    const applications = { shop: plain, blog: inside('default', 'replicas: 1') };

    expect(problems(load('{ default: { quota: { replicas: 1 } } }', applications))).toEqual([
      expect.stringMatching(
        /^blog\/compose\.yaml:1:29 .* 2 instances, and its quota is 1 instance:/,
      ),
    ]);
  });

  it('asks each service to say what it needs', () => {
    const loaded = load('{ default: { quota: { cpus: 4, memory: 4g } } }', {
      shop: ['services:', '  web: { image: x, cpus: 1 }'],
    });

    expect(problems(loaded)).toEqual([
      expect.stringMatching(
        /^shop\/compose\.yaml:2:\d+ quota-uncounted: service "web" neither reserves memory nor limits/,
      ),
    ]);
  });

  it('counts a global service for each host that fleet.yaml lets it be on', () => {
    expect(over('', '')).toBe(1);
    expect(over('', 'node.labels.zone == eu')).toBe(0);
    expect(over(', hosts: [b]', '')).toBe(0);
    expect(over('', 'node.platform.os == linux')).toBe(1);
  });

  it('counts no job', () => {
    const lines = [
      'services:',
      '  web: { image: x }',
      '  migrate: { image: x, restart: "no" }',
      'x-fleetwright: { jobs: { migrate: { when: before } } }',
    ];

    expect(problems(load('{ default: { quota: { replicas: 1 } } }', { shop: lines }))).toEqual([]);
  });
});

describe('the hosts of a namespace', () => {
  it.each([
    ['[a, b]', ['a', 'b']],
    ['{ zone: eu, ssd: true }', { zone: 'eu', ssd: 'true' }],
  ])('may be %s', (written, hosts) => {
    const { fleet, diagnostics } = load(`{ prod: { hosts: ${written} } }`, {});

    expect(diagnostics).toEqual([]);
    expect(fleet?.namespaces).toMatchObject([{ name: 'prod', quota: {}, hosts }]);
  });

  it('must be there by these names', () => {
    expect(problems(load('{ prod: { hosts: [a, bb] } }', {}))).toEqual([
      'fleet.yaml:3:34 unknown-host: no host or group is named "bb" (did you mean "b"?)',
    ]);
  });

  it('are warned of when none has the labels', () => {
    const { diagnostics, fleet } = load('{ prod: { hosts: { zone: as } } }', {});

    expect(diagnostics).toMatchObject([{ code: 'unknown-host', severity: 'warning', line: 3 }]);
    expect(fleet).not.toBeNull();
  });
});
