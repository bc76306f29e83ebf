import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import { toHostName } from '../../../src/model/names.ts';
import { originOf } from '../../../src/model/origin.ts';
import { serviceOn } from '../../../src/model/variants.ts';
import type { LoadedManifests } from '../../../src/manifest/manifest.ts';
import { formatProblem, loadFiles, type Files } from '../../support/load-files.ts';

const fleet = [
  'name: f',
  'variables: { LEVEL: debug, GRACE: 7s, TTY: "true" }',
  'hosts:',
  '  - { name: a, endpoint: "unix:///a", labels: { arch: arm64, zone: eu } }',
  '  - { name: b, endpoint: "unix:///b", labels: { arch: amd64, zone: eu } }',
  '  - { name: c, endpoint: "unix:///c" }',
  'groups: { edge: [a, b] }',
];

function load(lines: readonly string[], others: Files = {}): LoadedManifests {
  const manifest = ['name: shop', 'services:', '  web:', '    image: web:1', ...lines].join('\n');
  return loadFiles({ 'fleet.yaml': fleet.join('\n'), 'compose.yaml': manifest, ...others });
}

function problems(lines: readonly string[], others: Files = {}): readonly string[] {
  return load(lines, others).diagnostics.map(formatProblem);
}

function web(lines: readonly string[], others: Files = {}): ServiceSpec {
  const loaded = load(lines, others);
  const service = loaded.applications[0]?.services.find(({ name }) => name === 'web');
  if (service === undefined) throw new Error(loaded.diagnostics.map(formatProblem).join('\n'));
  return service;
}

/** The service with these overrides, which begin at line 5 of the file, and with lines of its own after them. */
function overridden(overrides: readonly string[], own: readonly string[] = []): readonly string[] {
  return [
    '    x-fleetwright:',
    '      overrides:',
    ...overrides.map((each) => `        ${each}`),
    ...own,
  ];
}

function on(service: ServiceSpec, host: string): ServiceSpec {
  return serviceOn(service, toHostName(host));
}

function inline(keys: Readonly<Record<string, string>>): string {
  return Object.entries(keys)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ');
}

function hashOfApi(lines: readonly string[]): string | undefined {
  return load(lines).applications[0]?.services.find(({ name }) => name === 'api')?.hash;
}

function quota(memory: string): Files {
  const namespaces = `namespaces: { default: { quota: { memory: ${memory} } } }`;
  return { 'fleet.yaml': `${fleet.join('\n')}\n${namespaces}` };
}

describe('x-fleetwright.overrides', () => {
  it('hold on hosts by name, by group and by labels, and nowhere else', () => {
    const service = web(
      overridden([
        '- { hosts: c, user: "1" }',
        '- { hosts: [edge], working_dir: /edge }',
        '- { hosts: { arch: arm64, zone: eu }, image: "web:1-arm64" }',
      ]),
    );

    const seen = ['a', 'b', 'c', 'z'].map((host) => {
      const { image, user, workingDir } = on(service, host).container;
      return [image, user, workingDir];
    });
    expect(seen).toEqual([
      ['web:1-arm64', null, '/edge'],
      ['web:1', null, '/edge'],
      ['web:1', '1', null],
      ['web:1', null, null],
    ]);
    expect(service.variants?.map(({ hosts }) => hosts)).toHaveLength(3);
  });

  it('are merged in the order written, as further files would be', () => {
    const own = [
      '    environment: { A: base, B: base, C: base }',
      '    ports: ["80:80", "81:81"]',
      '    command: [run, base]',
      '    cap_add: [CHOWN]',
      '    dns: [10.0.0.1]',
      '    volumes: ["data:/data", "logs:/logs"]',
      'volumes: { data: {}, logs: {}, fast: {} }',
    ];
    const first = {
      environment: '[A=first, B=first]',
      ports: '["8080:80"]',
      command: '[run, first]',
      cap_add: '!reset []',
      volumes: '["fast:/data"]',
    };
    const second = { environment: '{ B: second }', dns: '!override [10.0.0.2]' };
    const manifest = (keys: Readonly<Record<string, string>>): string =>
      `services: { web: { ${inline(keys)} } }`;
    const overrides = overridden(
      [`- { hosts: a, ${inline(first)} }`, `- { hosts: edge, ${inline(second)} }`],
      own,
    );
    const files = {
      'compose.override.yaml': `${manifest(first)}\n---\n${manifest(second)}`,
    };

    const varied = on(web(overrides), 'a');
    const merged = web(own, files);
    expect(varied.container).toEqual(merged.container);
    expect(varied.hash).toBe(merged.hash);
    expect(varied.container.environment).toEqual({ A: 'first', B: 'second', C: 'base' });
    expect(on(web(overrides), 'c').hash).toBe(web(own).hash);
  });

  it('bring the networks and volumes that only they use', () => {
    const lines = overridden(
      ['- { hosts: a, networks: [fast], volumes: ["cache:/c"] }'],
      ['networks: { fast: {} }', 'volumes: { cache: {} }'],
    );
    const [application] = load(lines).applications;

    expect(application?.networks.map(({ name }) => name)).toEqual(['shop_default', 'shop_fast']);
    expect(application?.volumes.map(({ name }) => name)).toEqual(['shop_cache']);
  });

  it('have variables, env files and labels from files of their own', () => {
    const lines = overridden([
      '- hosts: a',
      '  env_file: a.env',
      '  label_file: a.labels',
      '  stop_grace_period: ${GRACE}',
      '  tty: ${TTY}',
      '  environment: { LOG: "${LEVEL}" }',
    ]);
    const files = { 'a.env': 'FROM=file\n', 'a.labels': 'tier=edge\n' };

    const { container, origins } = on(web(lines, files), 'a');
    expect(container.environment).toEqual({ FROM: 'file', LOG: 'debug' });
    expect(container.labels).toEqual({ tier: 'edge' });
    expect(container.stopGraceMs).toBe(7000);
    expect(originOf(origins, 'environment.FROM')).toEqual({ file: 'a.env', line: 1, column: 1 });
    expect(problems(overridden(['- { hosts: a, user: "${NONE}" }']))).toEqual([
      expect.stringMatching(/^compose.yaml:7:29 undefined-variable: /),
    ]);
  });

  it('are where their values stand', () => {
    const service = web(
      overridden(
        ['- hosts: a', '  environment:', '    B: override', '  image: web:2'],
        ['    environment:', '      A: base', '      B: base'],
      ),
    );
    const lineOf = (host: string, path: string): number | undefined =>
      originOf(on(service, host).origins, path)?.line;

    expect([lineOf('a', 'environment.A'), lineOf('a', 'environment.B')]).toEqual([12, 9]);
    expect([lineOf('a', 'image'), lineOf('a', '')]).toEqual([10, 3]);
    expect([lineOf('c', 'environment.B'), lineOf('c', 'image')]).toEqual([13, 4]);
  });

  it('are inherited by who extends the service, with paths and marks', () => {
    const base = [
      'services:',
      '  web:',
      '    image: web:1',
      '    user: "1"',
      '    x-fleetwright:',
      '      overrides: [{ hosts: a, user: !reset null, env_file: a.env }]',
    ].join('\n');
    const lines = ['    extends: { file: base/common.yaml, service: web }'];
    const files = { 'base/common.yaml': base, 'base/a.env': 'FROM=file' };

    const { user, environment } = on(web(lines, files), 'a').container;
    expect([user, environment]).toEqual([null, { FROM: 'file' }]);
    expect(on(web(lines, files), 'b').container.user).toBe('1');
  });

  it('change no hash of the service elsewhere, nor of one without them', () => {
    const plain = web([]);
    const service = web(overridden(['- { hosts: a, user: "1" }']));

    expect(service.hash).toBe(plain.hash);
    expect(on(service, 'a').hash).not.toBe(plain.hash);
    expect('variants' in plain).toBe(false);
    expect(web(overridden(['- { hosts: { arch: riscv }, user: "1" }']))).toEqual({
      ...plain,
      origins: expect.anything(),
    });
  });

  it('make another version of those that are restarted with the service', () => {
    const job = [
      '  api: { image: api:1, depends_on: { web: { condition: service_started, restart: true } } }',
    ];
    const [none, one, other] = [
      [],
      ['- { hosts: a, user: "1" }'],
      ['- { hosts: a, user: "2" }'],
    ].map((each) => hashOfApi([...(each.length === 0 ? [] : overridden(each)), ...job]));

    expect(new Set([none, one, other]).size).toBe(3);
  });

  it('are loaded anew when a host changes, and only then', () => {
    const manifest = `services: { web: { image: "x", x-fleetwright: { overrides: [{ hosts: { arch: arm64 }, user: "1" }] } } }`;
    const cache = new Map();
    const hostsOf = (text: string): unknown =>
      loadFiles(
        {
          'fleet.yaml': text,
          'shop/compose.yaml': manifest,
          'plain/compose.yaml': 'services: { w: { image: x } }',
        },
        { cache },
      ).applications.map(({ services }) => services[0]?.variants?.map(({ hosts }) => hosts));
    const before = fleet.join('\n');

    expect(hostsOf(before)).toEqual([undefined, [['a']]]);
    const [plain, shop] = ['plain', 'shop'].map((name) =>
      cache.get(`application ${name}/compose.yaml`),
    );
    expect(hostsOf(before.replace('arch: amd64', 'arch: arm64'))).toEqual([
      undefined,
      [['a', 'b']],
    ]);
    expect(cache.get('application plain/compose.yaml')).toBe(plain);
    expect(cache.get('application shop/compose.yaml')).not.toBe(shop);
  });

  it('need no fleet to be judged', () => {
    const text = `services: { web: { image: "x", x-fleetwright: { overrides: [{ hosts: nowhere, usr: "1" }] } } }`;

    expect(loadFiles({ 'shop/compose.yaml': text }).diagnostics.map(formatProblem)).toEqual([
      expect.stringMatching(
        /^shop\/compose.yaml:1:79 unknown-key: unknown key "usr" \(did you mean "user"/,
      ),
    ]);
  });
});

describe('an override', () => {
  it.each([
    ['hosts: d', '7:20 unknown-host: no host or group is named "d" (did you mean "a"?)'],
    [
      'hosts: [a, edg]',
      '7:24 unknown-host: no host or group is named "edg" (did you mean "edge"?)',
    ],
    [
      'hosts: { arch: arm }',
      '7:20 unknown-host: no host has these labels: the override has no effect',
    ],
    ['user: x', '7:11 missing-key: "overrides.0" must have the key "hosts"'],
    ['hosts: a, imag: x', '7:23 unknown-key: unknown key "imag" (did you mean "image"?)'],
    ['hosts: a, ports: ["x"]', '7:31 invalid-port: Cannot read port "x": Invalid containerPort: x'],
    ['hosts: a, environment: 5', '7:36 wrong-type'],
    [
      'hosts: a, container_name: x',
      '7:23 not-overridable: "container_name" cannot be overridden for some hosts: what it is called holds',
    ],
    ['hosts: a, depends_on: [x]', '7:23 not-overridable: "depends_on" '],
    ['hosts: a, platform: linux/arm64', '7:23 not-overridable: "platform" '],
    ['hosts: a, network_mode: "service:db"', '7:23 not-overridable: "network_mode: service:db" '],
    ['hosts: a, deploy: { replicas: 2 }', '7:33 not-overridable: "deploy.replicas" '],
    ['hosts: a, deploy: { mode: global }', '7:33 not-overridable: "deploy.mode" '],
    [
      'hosts: a, deploy: { placement: { constraints: [] } }',
      '7:33 not-overridable: "deploy.placement" ',
    ],
    [
      'hosts: a, deploy: { update_config: { parallelism: 1 } }',
      '7:33 not-overridable: "deploy.update_config" ',
    ],
    [
      'hosts: a, x-fleetwright: { overrides: [] }',
      '7:40 not-overridable: "x-fleetwright.overrides" ',
    ],
    [
      'hosts: a, x-fleetwright: { rollout: { attempts: 1 } }',
      '7:40 not-overridable: "x-fleetwright.rollout" ',
    ],
  ])('{ %s } is refused, or warned of', (keys, message) => {
    const found = problems(overridden([`- { ${keys} }`], ['    environment: { A: b }']));

    expect(found).toEqual([expect.stringContaining(`compose.yaml:${message}`)]);
  });

  it.each([
    [
      'a job',
      [
        '    x-fleetwright: { overrides: [{ hosts: a, user: "1" }] }',
        '  api: { image: x }',
        'x-fleetwright: { jobs: { web: { when: before } } }',
      ],
      '5:22',
    ],
    [
      'a service with pre_start hooks',
      [
        '    pre_start: [{ command: [x] }]',
        '    x-fleetwright: { overrides: [{ hosts: a, user: "1" }] }',
      ],
      '6:22',
    ],
  ])('is not for %s', (_, lines, place) => {
    expect(problems(lines)).toEqual([
      expect.stringContaining(`compose.yaml:${place} not-overridable: a service that runs once`),
    ]);
  });

  it('may publish a port of another service, which may be on other hosts', () => {
    const lines = overridden(
      ['- { hosts: a, ports: ["81:80"] }'],
      ['  api: { image: x, ports: ["81:80"] }'],
    );

    expect(problems(lines)).toEqual([]);
  });

  it('may mount no more of the host than the policy allows', () => {
    const lines = overridden(['- { hosts: a, volumes: ["/etc:/etc"] }']);
    const policy = `${fleet.join('\n')}\npolicy: { hostPaths: deny }`;

    expect(problems(lines, { 'fleet.yaml': policy })).toEqual([
      expect.stringMatching(/^compose.yaml:7:33 policy-host-path: Cannot mount "\/etc"/),
    ]);
  });

  it('counts for the quota with the most that an instance can reserve', () => {
    const lines = overridden(
      ['- { hosts: a, deploy: { resources: { limits: { memory: 200m } } } }'],
      ['    deploy: { replicas: 2, resources: { limits: { memory: 50m } } }'],
    );

    expect(problems(lines, quota('400m'))).toEqual([]);
    expect(problems(lines, quota('399m'))).toEqual([expect.stringContaining('quota-exceeded')]);
  });
});
