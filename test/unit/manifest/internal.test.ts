import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles, loadWeb } from '../../support/load-files.ts';

const fleet = [
  'name: f',
  'hosts: [{ name: eu-1, endpoint: "tcp://192.0.2.11:2376" }]',
  'ingress: { driver: haproxy, service: edge/haproxy }',
  'internal: { driver: haproxy, service: names/haproxy }',
].join('\n');
const edge = 'services: { haproxy: { image: haproxy } }';

function proxies(...aliases: readonly string[]): string {
  return [
    `services: { haproxy: { image: haproxy, networks: { fleet: { aliases: [${aliases.join()}] } } } }`,
    'networks: { fleet: { name: fleet } }',
  ].join('\n');
}

function shop(expose: string, service = 'web', more = ''): string {
  const keys = `image: x, ports: ["8080"], x-fleetwright: { ${more}expose: ${expose} }`;
  return `services: { ${service}: { ${keys} } }`;
}

function problems(files: Readonly<Record<string, string>>): readonly string[] {
  const names = proxies('web.shop.internal', 'Database');
  const all = { 'fleet.yaml': fleet, 'edge/compose.yaml': edge, 'names/compose.yaml': names };
  return loadFiles({ ...all, ...files }).diagnostics.map(formatProblem);
}

function nameOf(expose: string, folder = 'shop', service = 'web'): string | undefined {
  const { applications } = loadFiles({ [`${folder}/compose.yaml`]: shop(expose, service) });
  return applications[0]?.services[0]?.expose?.internal;
}

describe('x-fleetwright.expose.internal', () => {
  it('names a service after itself and its application, beside what comes from outside', () => {
    const lines = ['ports: ["8080"]'];
    const service = loadWeb([
      ...lines,
      'x-fleetwright: { expose: { host: a.example, internal: true, port: 8080 } }',
    ]);

    expect(service.expose).toEqual({
      host: 'a.example',
      internal: 'web.shop.internal',
      path: '/',
      port: 8080,
      drainTimeoutMs: 30_000,
    });
    expect(service.hash).toBe(loadWeb(lines).hash);
  });

  it.each([
    ['{ internal: true, port: 8080 }', 'web.shop.internal'],
    ['{ internal: {}, port: 8080 }', 'web.shop.internal'],
    ['{ internal: { host: Database }, port: 8080 }', 'database'],
    ['{ internal: "${NAMED:-true}", port: 8080 }', 'web.shop.internal'],
    ['{ internal: false, host: a.example, port: 8080 }', undefined],
  ])('%s is %s', (expose, name) => {
    expect(nameOf(expose)).toBe(name);
  });

  it('has no "_", which many clients refuse in the name of a host', () => {
    expect(nameOf('{ internal: true, port: 8080 }', 'old_shop', 'Web_1')).toBe(
      'web-1.old-shop.internal',
    );
  });

  it.each([
    '{ internal: true, port: 8080 }',
    '{ internal: { host: database }, port: 8080, path: /api }',
    '{ internal: true, host: web.shop.internal, port: 8080, proof: { url: "http://192.0.2.80" } }',
  ])('%s is taken where the proxies have the alias', (expose) => {
    expect(problems({ 'shop/compose.yaml': shop(expose) })).toEqual([]);
  });

  it.each([
    ['{ internal: yes please, port: 8080 }', /must be true, false or a mapping with host/],
    ['{ internal: { host: "a b" }, port: 8080 }', /must be the name of a host/],
    ['{ internal: { name: a }, port: 8080 }', /unknown key "name"/],
    ['{ internal: true }', /must have the key "port"/],
    ['{ internal: true, port: 9090 }', /port 9090 is exposed and not published/],
    ['{ internal: true, port: 8080, proof: {} }', /missing-key: "proof" needs "host"/],
    ['{ internal: { host: a..b }, port: 8080 }', /"a\.\.b" cannot be looked up/],
    [
      `{ internal: { host: ${'a'.repeat(64)} }, port: 8080 }`,
      /cannot be looked up: it may have 253/,
    ],
    [
      '{ internal: { host: web.shop.intern }, port: 8080 }',
      /^shop\/compose.yaml:1:\d+ missing-alias: nobody can look up "web\.shop\.intern": the proxies, "names\/haproxy", .*did you mean "web\.shop\.internal"/,
    ],
  ])('%s is refused', (expose, problem) => {
    const [first, ...others] = problems({ 'shop/compose.yaml': shop(expose) });

    expect(first).toMatch(problem);
    expect(others.filter((one) => !one.includes('missing-alias'))).toEqual([]);
  });

  it('is told of a missing alias where it stands', () => {
    const manifest = [
      'services:',
      '  web:',
      '    image: x',
      '    ports: ["8080"]',
      '    x-fleetwright:',
      '      expose:',
      '        port: 8080',
      '        internal: true',
    ].join('\n');
    const files = { 'shop/compose.yaml': manifest, 'names/compose.yaml': edge };

    expect(problems(files)).toEqual([
      expect.stringMatching(/^shop\/compose.yaml:8:19 missing-alias/),
    ]);
  });

  it('needs the alias at every version of the proxies', () => {
    const override = '{ hosts: [eu-1], networks: { other: { aliases: [web.shop.internal] } } }';
    const all = proxies('database').replace(
      'image: haproxy,',
      `image: haproxy, x-fleetwright: { overrides: [${override}] },`,
    );
    const names = all.replace('networks: { fleet: { name', 'networks: { other: , fleet: { name');

    const files = {
      'shop/compose.yaml': shop('{ internal: true, port: 8080 }'),
      'names/compose.yaml': names,
    };
    expect(problems(files)).toEqual([expect.stringMatching(/missing-alias/)]);
  });

  it('is refused where fleet.yaml names no proxies for it', () => {
    const without = fleet.replace(/\ninternal.*/, '');

    expect(
      problems({
        'fleet.yaml': without,
        'shop/compose.yaml': shop('{ internal: true, port: 8080 }'),
      }),
    ).toEqual([
      expect.stringMatching(/no-internal: .*exposed within the fleet, and fleet.yaml names no/),
    ]);
  });

  it('gives each name and path to one service of the fleet, apart from what comes from outside', () => {
    const own = shop('{ internal: { host: database }, port: 8080 }');
    const twin = shop('{ internal: { host: DATABASE }, port: 8080 }');
    const outside = shop('{ host: database, port: 8080 }');

    expect(problems({ 'shop/compose.yaml': own, 'web/compose.yaml': twin })).toEqual([
      expect.stringMatching(/^shop\/.*database\/ are asked for by several.*also web\/compose/),
      expect.stringMatching(/^web\/.*also shop\/compose/),
    ]);
    expect(problems({ 'shop/compose.yaml': own, 'web/compose.yaml': outside })).toEqual([]);
  });

  it.each(['edge', 'names'])('is not for the proxies of %s', (application) => {
    const path = `${application}/compose.yaml`;

    expect(problems({ [path]: shop('{ internal: true, port: 8080 }', 'haproxy') })).toEqual([
      expect.stringMatching(/is the proxies themselves/),
    ]);
  });

  it('goes by requests only where both kinds of proxies count them', () => {
    const mixed = fleet.replace('internal: { driver: haproxy', 'internal: { driver: caddy');
    const scale = 'autoscale: { min: 1, max: 3, requestsPerSecond: 5 }, ';
    const both = shop('{ internal: true, host: a.example, port: 8080 }', 'web', scale);
    const outside = shop('{ host: a.example, port: 8080 }', 'web', scale);

    expect(problems({ 'fleet.yaml': mixed, 'shop/compose.yaml': both })).toEqual([
      expect.stringMatching(/not-counted/),
    ]);
    expect(problems({ 'fleet.yaml': mixed, 'shop/compose.yaml': outside })).toEqual([]);
  });
});

describe('internal of fleet.yaml', () => {
  it('names the proxies, after those of ingress', () => {
    const names = { 'names/compose.yaml': proxies() };
    const { fleet: spec } = loadFiles({ 'fleet.yaml': fleet, 'edge/compose.yaml': edge, ...names });

    expect(spec?.proxies).toMatchObject([
      { role: 'ingress', application: 'edge' },
      {
        role: 'internal',
        driver: 'haproxy',
        application: 'names',
        service: 'haproxy',
        command: ['nc', '127.0.0.1', '9999'],
        routes: '/etc/haproxy/routes.map',
        origin: { file: 'fleet.yaml', line: 4 },
      },
    ]);
  });

  it.each([
    ['{ driver: nginx, service: names/haproxy }', /must be haproxy or caddy/],
    ['{ driver: haproxy, service: nams/haproxy }', /application "nams" is not defined.*"names"/],
    ['{ driver: haproxy, service: names/haprox }', /has no service "haprox".*"haproxy"/],
    [
      '{ driver: haproxy, service: edge/haproxy }',
      /^fleet.yaml:4:\d+ conflicting-keys: "edge\/haproxy" is the proxies of "ingress" already/,
    ],
  ])('%s is refused', (internal, problem) => {
    const file = fleet.replace(/internal: .*/, `internal: ${internal}`);

    expect(problems({ 'fleet.yaml': file })).toEqual([expect.stringMatching(problem)]);
  });

  it('needs hosts that are reached at an IP address, also without ingress', () => {
    const file = fleet.replace('192.0.2.11', 'eu-1.example.com').replace(/\ningress.*/, '');

    expect(problems({ 'fleet.yaml': file })).toEqual([
      expect.stringMatching(/^fleet.yaml:2:.*host "eu-1" is reached at "eu-1.example.com"/),
    ]);
  });
});
