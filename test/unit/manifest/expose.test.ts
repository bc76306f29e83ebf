import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles, loadWeb } from '../../support/load-files.ts';

const fleet = [
  'name: f',
  'hosts: [{ name: eu-1, endpoint: "tcp://192.0.2.11:2376" }]',
  'ingress: { driver: haproxy, service: edge/haproxy }',
].join('\n');
const edge = 'services: { haproxy: { image: haproxy } }';

function shop(expose: string, more = 'ports: ["8080"]'): string {
  return `services: { web: { image: x, ${more}, x-fleetwright: { expose: ${expose} } } }`;
}

function problems(files: Readonly<Record<string, string>>): readonly string[] {
  const all = { 'fleet.yaml': fleet, 'edge/compose.yaml': edge, ...files };
  return loadFiles(all).diagnostics.map(formatProblem);
}

describe('x-fleetwright.expose', () => {
  it('has a path of "/" and half a minute for the last requests where no more is said, and is left out of the hash', () => {
    const lines = ['ports: ["8080"]'];
    const service = loadWeb([
      ...lines,
      'x-fleetwright: { expose: { host: Shop.example.com, port: 8080 } }',
    ]);

    expect(service.expose).toEqual({
      host: 'shop.example.com',
      path: '/',
      port: 8080,
      drainTimeoutMs: 30_000,
    });
    expect(service.hash).toBe(loadWeb(lines).hash);
  });

  it.each(['/', '/api', '/a/b', '/.well-known/x', '/..a/...', `/${'a'.repeat(499)}`])(
    'takes the path %s',
    (path) => {
      const lines = [
        'ports: ["8080"]',
        `x-fleetwright: { expose: { host: a.example, port: 8080, path: ${path} } }`,
      ];

      expect(loadWeb(lines).expose?.path).toBe(path);
    },
  );

  it('takes the port of the gate, which is published too', () => {
    const gate =
      'x-fleetwright: { gate: { http: { port: 80 } }, expose: { host: a.example, port: 80 } }';

    expect(loadWeb([gate]).expose?.port).toBe(80);
  });

  it.each([
    ['{ port: 8080 }', /must have the key "host"/],
    ['{ host: "a b", port: 8080 }', /must be the name of a host/],
    ['{ host: a.example, port: 8080, path: api }', /must be a path such as \/api/],
    ['{ host: a.example, port: 8080, path: /api/ }', /must be a path such as \/api/],
    ['{ host: a.example, port: 8080, path: "/a;b" }', /must be a path such as \/api/],
    ['{ host: a.example, port: 8080, path: /a/.. }', /must be a path such as \/api/],
    ['{ host: a.example, port: 8080, path: /./a }', /must be a path such as \/api/],
    [`{ host: a.example, port: 8080, path: /${'a'.repeat(500)} }`, /must be a path such as \/api/],
    ['{ host: a.example, port: 9090 }', /port 9090 is exposed and not published/],
    ['{ host: a.example, port: 8080, tls: {} }', /"tls" is not supported yet/],
    ['{ host: a.example, port: 8080, sticky: true }', /"sticky" is not supported yet/],
    ['{ host: a.example, port: 8080, tsl: {} }', /unknown key "tsl"/],
  ])('%s is refused', (expose, problem) => {
    expect(problems({ 'shop/compose.yaml': shop(expose) })).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  it.each(['ports: ["127.0.0.1::8080"]', 'ports: ["8080/udp"]', 'expose: ["8080"]'])(
    'needs a port that proxies can reach: %s',
    (more) => {
      const manifest = shop('{ host: a.example, port: 8080 }', more);

      expect(problems({ 'shop/compose.yaml': manifest })).toEqual([
        expect.stringMatching(/not published/),
      ]);
    },
  );

  it('is for what runs all the time', () => {
    const manifest = shop('{ host: a.example, port: 8080 }', 'ports: ["8080"], restart: "no"');

    expect(problems({ 'shop/compose.yaml': manifest })).toEqual([
      expect.stringMatching(/its instances are meant to end/),
    ]);
  });

  it('gives each host and path to one service of the fleet', () => {
    const manifest = shop('{ host: A.example, port: 8080, path: /api }');
    const other = shop('{ host: a.example, port: 8080, path: /api }');

    expect(problems({ 'shop/compose.yaml': manifest, 'web/compose.yaml': other })).toEqual([
      expect.stringMatching(/^shop\/.*a\.example\/api are asked for by several.*also web\/compose/),
      expect.stringMatching(/^web\/.*also shop\/compose/),
    ]);
    const beside = shop('{ host: a.example, port: 8080 }');
    expect(problems({ 'shop/compose.yaml': manifest, 'web/compose.yaml': beside })).toEqual([]);
  });

  it('is refused where fleet.yaml names no proxies', () => {
    const without = fleet.replace(/\ningress.*/, '');
    const manifest = shop('{ host: a.example, port: 8080 }');

    expect(problems({ 'fleet.yaml': without, 'shop/compose.yaml': manifest })).toEqual([
      expect.stringMatching(/^shop\/.*fleet.yaml names no proxies/),
    ]);
  });

  it('is not for the proxies themselves', () => {
    const manifest = edge.replace(
      'image: haproxy',
      'image: haproxy, ports: ["80"], x-fleetwright: { expose: { host: a.example, port: 80 } }',
    );

    expect(problems({ 'edge/compose.yaml': manifest })).toEqual([
      expect.stringMatching(/^edge\/.*is the proxies themselves/),
    ]);
  });
});

describe('ingress of fleet.yaml', () => {
  it('names the proxies, with the usual way to their runtime API', () => {
    const { fleet: spec } = loadFiles({ 'fleet.yaml': fleet, 'edge/compose.yaml': edge });

    expect(spec?.ingress).toMatchObject({
      driver: 'haproxy',
      application: 'edge',
      service: 'haproxy',
      command: ['nc', '127.0.0.1', '9999'],
      routes: '/etc/haproxy/routes.map',
      origin: { file: 'fleet.yaml', line: 3 },
    });
  });

  it.each([
    ['{ driver: caddy, service: edge/haproxy }', /must be haproxy/],
    ['{ driver: haproxy, service: haproxy }', /must be an application and a service/],
    ['{ driver: haproxy, service: egde/haproxy }', /application "egde" is not defined/],
    ['{ driver: haproxy, service: edge/haprox }', /has no service "haprox".*"haproxy"/],
    ['{ driver: haproxy, service: edge/haproxy, routes: "/a b" }', /absolute path/],
    ['{ driver: haproxy, service: edge/haproxy, command: [] }', /must not be empty/],
  ])('%s is refused', (ingress, problem) => {
    const file = fleet.replace(/ingress: .*/, `ingress: ${ingress}`);

    expect(problems({ 'fleet.yaml': file })).toEqual([expect.stringMatching(problem)]);
  });

  it('needs hosts that are reached at an IP address', () => {
    const file = fleet.replace('192.0.2.11', 'eu-1.example.com');

    expect(problems({ 'fleet.yaml': file })).toEqual([
      expect.stringMatching(/^fleet.yaml:2:.*host "eu-1" is reached at "eu-1.example.com"/),
    ]);
  });
});
