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
    ['{ port: 8080 }', /says neither "host", for requests from outside, nor "internal"/],
    ['{ port: 8080, internal: false }', /says neither "host"/],
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

function proxies(ports: string): string {
  return `services: { haproxy: { image: haproxy, ports: ${ports} } }`;
}

function proving(proof: string): string {
  return shop(`{ host: a.example, path: /api, port: 8080, proof: ${proof} }`);
}

function found(proof: string, ports = '["80:8000"]', fleetFile = fleet): readonly string[] {
  return problems({
    'fleet.yaml': fleetFile,
    'edge/compose.yaml': proxies(ports),
    'shop/compose.yaml': proving(proof),
  });
}

describe('x-fleetwright.expose.proof', () => {
  it('asks for the path of expose, five times a second, and only records, where no more is said', () => {
    const service = loadWeb([
      'ports: ["8080"]',
      'x-fleetwright: { expose: { host: a.example, path: /api, port: 8080, proof: {} } }',
    ]);

    expect(service.expose?.proof).toEqual({
      url: null,
      path: '/api',
      intervalMs: 200,
      timeoutMs: 5_000,
      expectStatus: null,
      onFailure: 'record',
    });
    expect(service.hash).toBe(loadWeb(['ports: ["8080"]']).hash);
  });

  it('is as it says', () => {
    const service = loadWeb([
      'ports: ["8080"]',
      'x-fleetwright: { expose: { host: a.example, port: 8080, proof: { url: "https://192.0.2.80/",',
      '  path: "/ready?deep=1", interval: 1s, timeout: 2s, expectStatus: 204, onFailure: fail } } }',
    ]);

    expect(service.expose?.proof).toEqual({
      url: 'https://192.0.2.80',
      path: '/ready?deep=1',
      intervalMs: 1_000,
      timeoutMs: 2_000,
      expectStatus: 204,
      onFailure: 'fail',
    });
  });

  it.each([
    ['{ interval: 10ms }', /"interval" must be at least 50ms/],
    ['{ interval: 61s }', /"interval" must be at most 1m/],
    ['{ timeout: 30d }', /"timeout" must be at most 1m/],
    ['{ timeout: 0s }', /"timeout" must be longer than zero/],
    ['{ path: ready }', /must be a path that starts with/],
    ['{ expectStatus: 99 }', /must be at least 200/],
    ['{ onFailure: rollback }', /must be record or fail/],
    ['{ url: shop.example.com }', /must be scheme, host and port alone/],
    ['{ url: "ftp://a.example" }', /must be scheme, host and port alone/],
    ['{ url: "https://a.example/ready" }', /must be scheme, host and port alone/],
    ['{ url: "https://a.example?x" }', /must be scheme, host and port alone/],
  ])('%s is refused', (proof, problem) => {
    expect(found(proof)).toEqual([expect.stringMatching(problem)]);
  });

  it.each(['https://ada:hunter2@a.example', 'https://hunter2@a.example'])(
    'takes no secret in %s, and says none',
    (url) => {
      const [problem = '', ...others] = found(`{ url: "${url}" }`);

      expect(others).toEqual([]);
      expect(problem).toMatch(
        /^shop\/compose.yaml:1:\d+ secret-in-url: .*holds a user or a password/,
      );
      expect(problem).not.toContain('hunter2');
    },
  );

  it.each(['["80:8000"]', '["8000"]', '["80:8000", "443:8443"]', '["8000", "127.0.0.1:9:9"]'])(
    'knows where requests come in when the proxies publish %s',
    (ports) => {
      expect(found('{}', ports)).toEqual([]);
    },
  );

  it.each(['[]', '["443:8443"]', '["8000", "8443"]', '["127.0.0.1:80:8000"]', '["80:80/udp"]'])(
    'needs a URL when they publish %s',
    (ports) => {
      expect(found('{}', ports)).toEqual([
        expect.stringMatching(
          /^shop\/compose.yaml:1:\d+ unknown-entrance: where requests come in cannot be told/,
        ),
      ]);
      expect(found('{ url: "http://192.0.2.80" }', ports)).toEqual([]);
    },
  );

  it('needs a URL when Caddy publishes 443: at 80 it would answer by itself', () => {
    const caddy = fleet.replace('driver: haproxy', 'driver: caddy');
    const ports = '["80:80", "443:443"]';

    expect(found('{}', ports, caddy)).toEqual([
      expect.stringMatching(/unknown-entrance: where .* publish 443, and Caddy sends/),
    ]);
    expect(found('{ url: "https://192.0.2.80" }', ports, caddy)).toEqual([]);
    expect(found('{}', '["80:80"]', caddy)).toEqual([]);
  });
});

describe('ingress of fleet.yaml', () => {
  it('names the proxies, with the usual way to their runtime API', () => {
    const { fleet: spec } = loadFiles({ 'fleet.yaml': fleet, 'edge/compose.yaml': edge });

    expect(spec?.proxies).toMatchObject([
      {
        role: 'ingress',
        driver: 'haproxy',
        application: 'edge',
        service: 'haproxy',
        command: ['nc', '127.0.0.1', '9999'],
        routes: '/etc/haproxy/routes.map',
        origin: { file: 'fleet.yaml', line: 3 },
      },
    ]);
  });

  it.each([
    ['{ driver: nginx, service: edge/haproxy }', /must be haproxy or caddy/],
    ['{ driver: caddy, service: edge/haproxy, routes: /r.map }', /Caddy has none/],
    ['{ driver: haproxy, service: haproxy }', /must be an application and a service/],
    ['{ driver: haproxy, service: egde/haproxy }', /application "egde" is not defined/],
    ['{ driver: haproxy, service: edge/haprox }', /has no service "haprox".*"haproxy"/],
    ['{ driver: haproxy, service: edge/haproxy, routes: "/a b" }', /absolute path/],
    ['{ driver: haproxy, service: edge/haproxy, command: [] }', /must not be empty/],
  ])('%s is refused', (ingress, problem) => {
    const file = fleet.replace(/ingress: .*/, `ingress: ${ingress}`);

    expect(problems({ 'fleet.yaml': file })).toEqual([expect.stringMatching(problem)]);
  });

  it('knows the usual way to the admin API of Caddy', () => {
    const file = fleet.replace('driver: haproxy', 'driver: caddy');

    const { fleet: spec } = loadFiles({ 'fleet.yaml': file, 'edge/compose.yaml': edge });

    expect(spec?.proxies).toMatchObject([
      { driver: 'caddy', command: ['nc', '127.0.0.1', '2019'] },
    ]);
  });

  it('needs hosts that are reached at an IP address', () => {
    const file = fleet.replace('192.0.2.11', 'eu-1.example.com');

    expect(problems({ 'fleet.yaml': file })).toEqual([
      expect.stringMatching(/^fleet.yaml:2:.*host "eu-1" is reached at "eu-1.example.com"/),
    ]);
  });
});
