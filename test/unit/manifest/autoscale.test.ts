import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles, loadWeb } from '../../support/load-files.ts';

function scaled(autoscale: string, ...lines: readonly string[]): ReturnType<typeof loadWeb> {
  return loadWeb([...lines, `x-fleetwright: { autoscale: ${autoscale} }`]);
}

function problems(...lines: readonly string[]): readonly string[] {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const manifest = `services:\n  web:\n    image: x\n${own}`;
  return loadFiles({ 'shop/compose.yaml': manifest }).diagnostics.map(formatProblem);
}

/** What is said of two services, the second of which is in the processes of the first. */
function sharing(web: string, side: string): readonly string[] {
  const manifest = `services: { web: { image: x${web} }, side: { image: x, pid: "service:web"${side} } }`;
  return loadFiles({ 'shop/compose.yaml': manifest }).diagnostics.map(formatProblem);
}

function fleetWith(url: string): string {
  const host = '{ name: eu-1, endpoint: "tcp://192.0.2.11:2376" }';
  return `name: f\nhosts: [${host}]\nprometheus: { url: "${url}" }\n`;
}

describe('x-fleetwright.autoscale', () => {
  it('is measured every 15 s and waits 5 minutes where no more is said, and is left out of the hash', () => {
    const service = scaled('{ min: 2, max: 8, cpu: 70% }');

    expect(service.autoscale).toEqual({
      min: 2,
      max: 8,
      cpu: 70,
      stabilizationMs: 300_000,
      intervalMs: 15_000,
    });
    expect(service.hash).toBe(loadWeb([]).hash);
  });

  it('takes all that can be said', () => {
    const lines = ['ports: ["8080"]'];
    const more = 'stabilization: 1h, interval: 5s';
    const expose = 'expose: { host: a.example, port: 8080 }';
    const files = {
      'fleet.yaml': [
        'name: f',
        'hosts: [{ name: eu-1, endpoint: "tcp://192.0.2.11:2376" }]',
        'ingress: { driver: haproxy, service: edge/haproxy }',
      ].join('\n'),
      'edge/compose.yaml': 'services: { haproxy: { image: haproxy } }',
      'shop/compose.yaml': `services: { web: { image: x, ${lines[0]}, x-fleetwright: { ${expose}, autoscale: { min: 1, max: 3, cpu: 150%, requestsPerSecond: 0.5, ${more} } } } }`,
    };
    const { applications, diagnostics } = loadFiles(files);

    expect(diagnostics).toEqual([]);
    const shop = applications.find(({ name }) => name === 'shop');
    expect(shop?.services[0]?.autoscale).toEqual({
      min: 1,
      max: 3,
      cpu: 150,
      requestsPerSecond: 0.5,
      stabilizationMs: 3_600_000,
      intervalMs: 5_000,
    });
  });

  it('does not go by requests that Caddy does not count', () => {
    const files = {
      'fleet.yaml': [
        'name: f',
        'hosts: [{ name: eu-1, endpoint: "tcp://192.0.2.11:2376" }]',
        'ingress: { driver: caddy, service: edge/caddy }',
      ].join('\n'),
      'edge/compose.yaml': 'services: { caddy: { image: caddy } }',
      'shop/compose.yaml':
        'services: { web: { image: x, ports: ["80"], x-fleetwright: { expose: { host: a.example, port: 80 }, autoscale: { min: 1, max: 3, requestsPerSecond: 9 } } } }',
    };

    expect(loadFiles(files).diagnostics.map(formatProblem)).toEqual([
      'shop/compose.yaml:1:149 not-counted: "requestsPerSecond" of service "web" goes by what the proxies count, and Caddy counts no requests of one instance',
    ]);
  });

  it('goes by a query to the Prometheus of fleet.yaml', () => {
    const found = loadFiles({
      'fleet.yaml': fleetWith('https://prometheus.example.com/eu/'),
      'shop/compose.yaml':
        'services: { web: { image: x, x-fleetwright: { autoscale: { min: 1, max: 3, prometheus: { query: "sum(up)", target: 0.5 } } } } }',
    });

    expect(found.diagnostics).toEqual([]);
    expect(found.fleet?.prometheus).toBe('https://prometheus.example.com/eu/');
    expect(found.applications[0]?.services[0]?.autoscale).toMatchObject({
      prometheus: { query: 'sum(up)', target: 0.5 },
    });
  });

  it('goes by no query where fleet.yaml names nobody who could answer', () => {
    const found = loadFiles({
      'fleet.yaml': 'name: f\nhosts: [{ name: eu-1, endpoint: "tcp://192.0.2.11:2376" }]',
      'shop/compose.yaml':
        'services: { web: { image: x, x-fleetwright: { autoscale: { min: 1, max: 3, prometheus: { query: up, target: 5 } } } } }',
    });

    expect(found.diagnostics.map(formatProblem)).toEqual([
      'shop/compose.yaml:1:76 no-prometheus: service "web" goes by a query, and fleet.yaml names no Prometheus',
    ]);
    expect(found.applications).toEqual([]);
  });

  it.each([
    ['ftp://a.example', 'invalid-value: "url" must be http:// or https://'],
    ['prometheus:9090', 'invalid-value: "url" must be http:// or https://'],
    ['http://a.example/?x=1', 'invalid-value: "url" must be http:// or https://'],
    ['http://ada:secret@a.example', 'secret-in-url: "url" holds a user or a password'],
  ])('asks nobody at %s', (url, problem) => {
    const { diagnostics } = loadFiles({ 'fleet.yaml': fleetWith(url) });

    expect(diagnostics.map(formatProblem)).toEqual([
      expect.stringContaining(`fleet.yaml:3:20 ${problem}`),
    ]);
    expect(JSON.stringify(diagnostics)).not.toContain('secret@');
  });

  it.each([
    ['no number', [], 2],
    ['one below', ['scale: 1'], 2],
    ['one within', ['deploy: { replicas: 5 }'], 5],
    ['one above', ['deploy: { replicas: 9 }'], 8],
    ['none at all', ['deploy: { replicas: 0 }'], 2],
  ])('starts within its bounds, with %s', (_name, lines, replicas) => {
    expect(scaled('{ min: 2, max: 8, cpu: 70% }', ...lines).replicas).toBe(replicas);
  });

  it('says that a number outside of the bounds is not what it starts with', () => {
    const lines = [
      'deploy: { replicas: 9 }',
      'x-fleetwright: { autoscale: { min: 2, max: 8, cpu: 70% } }',
    ];

    expect(problems(...lines)).toEqual([
      expect.stringMatching(
        /^shop\/compose.yaml:4:25 .*"replicas" is 9, and "autoscale" begins with 8/,
      ),
    ]);
  });

  it.each([
    ['{ max: 2, cpu: 70% }', /must have the key "min"/],
    ['{ min: 1, cpu: 70% }', /must have the key "max"/],
    ['{ min: 0, max: 2, cpu: 70% }', /"min" must be/],
    ['{ min: 3, max: 2, cpu: 70% }', /^shop\/compose.yaml:4:48 .*"max" is 2, and "min" is 3/],
    [
      '{ min: 1, max: 2 }',
      /^shop\/compose.yaml:4:22 .*"autoscale" of service "web" does not say what load/,
    ],
    ['{ min: 1, max: 2, cpu: 70 }', /"70" is not a percentage/],
    ['{ min: 1, max: 2, cpu: 0% }', /"0%" is not a percentage/],
    ['{ min: 1, max: 2, requestsPerSecond: 5 }', /needs "expose"/],
    ['{ min: 1, max: 2, cpu: 70%, interval: 999ms }', /"interval" must be at least 1s/],
    ['{ min: 1, max: 2, cpu: 70%, stabilization: soon }', /not a duration/],
    [
      '{ min: 1, max: 2, cpu: 70%, stabilization: 3601s }',
      /^shop\/compose.yaml:4:76 .*"stabilization" must be at most 1h/,
    ],
    ['{ min: 1, max: 2, prometheus: up }', /"prometheus" must be/],
    ['{ min: 1, max: 2, prometheus: { query: up } }', /must have the key "target"/],
    ['{ min: 1, max: 2, prometheus: { target: 5 } }', /must have the key "query"/],
    ['{ min: 1, max: 2, prometheus: { query: "", target: 5 } }', /"query" must not be empty/],
    [
      '{ min: 1, max: 2, prometheus: { query: up, target: 0 } }',
      /^shop\/compose.yaml:4:84 .*"target" must be more than zero/,
    ],
    ['{ min: 1, max: 2, cpu: 70%, cpus: 70% }', /unknown key "cpus"/],
  ])('%s is refused', (autoscale, problem) => {
    expect(problems(`x-fleetwright: { autoscale: ${autoscale} }`)[0]).toMatch(problem);
  });

  it.each([
    ['deploy: { mode: global }', '', /^shop\/compose.yaml:5:22 .*it is global/],
    ['container_name: web', '', /only one container can have a name/],
    ['init: true', ', singleton: true', /it is a singleton/],
  ])('is not for a service with %s%s', (line, own, problem) => {
    const autoscale = `x-fleetwright: { autoscale: { min: 1, max: 2, cpu: 70% }${own} }`;

    expect(problems(line, autoscale)).toEqual([expect.stringMatching(problem)]);
  });

  it('is not for jobs, and not for overrides', () => {
    const autoscale = 'x-fleetwright: { autoscale: { min: 1, max: 2, cpu: 70% } }';
    const job = `services: { web: { image: x }, task: { image: x, restart: "no", ${autoscale} } }\nx-fleetwright: { jobs: { once: { service: task, when: before } } }`;

    expect(loadFiles({ 'shop/compose.yaml': job }).diagnostics.map(formatProblem)).toEqual([
      expect.stringMatching(/job "task" cannot have "autoscale"/),
    ]);
    const override = `x-fleetwright: { overrides: [{ hosts: { a: b }, ${autoscale} }] }`;
    expect(problems(override)).toEqual([
      expect.stringMatching(/how many instances there are holds for the service as a whole/),
    ]);
  });

  it('is not for what is shared slot by slot', () => {
    const autoscale = 'x-fleetwright: { autoscale: { min: 1, max: 2, cpu: 70% } }';
    expect(sharing('', `, ${autoscale}`)).toEqual([]);
    expect(sharing(`, ${autoscale}`, '')).toEqual([
      expect.stringMatching(/how many instances "web" has/),
    ]);
    expect(sharing(', scale: 2', `, scale: 2, ${autoscale}`)).toEqual([
      expect.stringMatching(/how many instances "side" has/),
    ]);
  });

  it('counts with its most instances for the quota of its namespace', () => {
    const fleet =
      'name: f\nhosts: [{ name: a, endpoint: "unix:///x" }]\nnamespaces: { default: { quota: { replicas: 7 } } }';
    const manifest =
      'services: { web: { image: x, x-fleetwright: { autoscale: { min: 1, max: 8, cpu: 70% } } } }';
    const found = loadFiles({ 'fleet.yaml': fleet, 'shop/compose.yaml': manifest });

    expect(found.diagnostics.map(formatProblem)).toEqual([expect.stringMatching(/8/)]);
  });
});
