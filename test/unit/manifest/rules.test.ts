import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles } from '../../support/load-files.ts';

function complaints(manifest: string): readonly string[] {
  return loadFiles({ 'shop/compose.yaml': manifest }).diagnostics.map((each) =>
    formatProblem(each).replace('shop/compose.yaml:', ''),
  );
}

/** A manifest with one service `web` with an image and these lines, and lines after it. */
function web(lines: readonly string[], after = ''): string {
  return `services:\n  web:\n    image: nginx\n${lines.map((line) => `    ${line}\n`).join('')}${after}`;
}

describe('rules on what a service refers to', () => {
  it('imageIsNamed: every service has an image', () => {
    expect(complaints('services:\n  web:\n    command: x\n')).toEqual([
      '2:3 missing-image: service "web" has no image',
    ]);
  });

  it.each([
    {
      name: 'network',
      lines: ['networks: [frnt]'],
      after: 'networks: { front: }\n',
      expected:
        '4:16 undefined-network: service "web" refers to the undefined network "frnt" (did you mean "front"?)',
    },
    {
      name: 'volume',
      lines: ['volumes: ["dta:/x"]'],
      after: 'volumes: { data: }\n',
      expected:
        '4:15 undefined-volume: service "web" refers to the undefined volume "dta" (did you mean "data"?)',
    },
    {
      name: 'config',
      lines: ['configs: [{ source: cnf }]'],
      after: 'configs: { conf: { content: x } }\n',
      expected:
        '4:25 undefined-config: service "web" refers to the undefined config "cnf" (did you mean "conf"?)',
    },
    {
      name: 'service',
      lines: ['depends_on: { databas: { condition: service_started } }'],
      after: '  database: { image: x }\n',
      expected:
        '4:19 undefined-service: service "web" depends on service "databas", which is not defined (did you mean "database"?)',
    },
    {
      name: 'service that is left out',
      lines: ['depends_on: [debug]'],
      after: '  debug: { image: x, profiles: [dev] }\n',
      expected:
        '4:18 inactive-service: service "web" depends on service "debug", which is left out, since none of its profiles is active',
    },
  ])('referencesAreDeclared: undefined $name', ({ lines, after, expected }) => {
    expect(complaints(web(lines, after))).toEqual([expected]);
  });

  it('referencesAreDeclared: an optional dependency may be missing', () => {
    const manifest = web(['depends_on: { db: { condition: service_healthy, required: false } }']);

    expect(complaints(manifest)).toEqual([]);
  });

  it.each([
    {
      name: 'three services',
      manifest:
        'services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [c] }\n  c: { image: x, depends_on: [a] }\n  d: { image: x, depends_on: [a] }\n',
      expected: ['2:31 dependency-cycle: services wait for each other: a → b → c → a'],
    },
    {
      name: 'itself',
      manifest: 'services:\n  a: { image: x, depends_on: [a] }\n',
      expected: ['2:31 dependency-cycle: services wait for each other: a → a'],
    },
    {
      name: 'a diamond, which is no cycle',
      manifest:
        'services:\n  a: { image: x, depends_on: [b, c] }\n  b: { image: x, depends_on: [d] }\n  c: { image: x, depends_on: [d] }\n  d: { image: x }\n',
      expected: [],
    },
  ])('dependenciesHaveNoCycle: $name', ({ manifest, expected }) => {
    expect(complaints(manifest)).toEqual(expected);
  });

  it('completionIsPossible: warns of a job that is restarted for ever', () => {
    const manifest = web(
      ['depends_on: { job: { condition: service_completed_successfully } }'],
      '  job: { image: x, restart: always }\n',
    );

    expect(complaints(manifest)).toEqual([
      '5:29 never-completes: service "job" is restarted whenever it ends, so what waits for it to complete never starts',
    ]);
  });
});

const two = (a: string, b: string, deploy = ['', '']): string =>
  `services:\n  a:\n    image: x\n    ports: ["${a}"]\n    deploy: { ${deploy[0]} }\n  b:\n    image: x\n    ports: ["${b}"]\n    deploy: { ${deploy[1]} }\n`;

function zone(name: string): string {
  return `placement: { constraints: [node.labels.zone == ${name}] }`;
}

describe('rules on ports', () => {
  it('hostPortsAreFree: the same host port twice names both lines', () => {
    expect(complaints(two('80:80', '80:8080'))).toEqual([
      '8:13 duplicate-port: port 80/tcp of the host is already published by service "a" (shop/compose.yaml:4:13)',
    ]);
  });

  it.each([
    { name: 'all addresses meet one', a: '80:80', b: '127.0.0.1:80:80', meets: true },
    { name: 'a range holds the port', a: '80-81:80-81', b: '81:81', meets: true },
    { name: 'other addresses', a: '127.0.0.1:80:80', b: '10.0.0.1:80:80', meets: false },
    { name: 'other protocol', a: '53:53/tcp', b: '53:53/udp', meets: false },
    { name: 'not fixed', a: '80', b: '80', meets: false },
    { name: 'the engine picks from a range', a: '80-90:80', b: '80:80', meets: false },
  ])('hostPortsAreFree: $name', ({ a, b, meets }) => {
    expect(complaints(two(a, b)).length).toBe(meets ? 1 : 0);
  });

  it('hostPortsAreFree: constraints may keep two services apart', () => {
    expect(complaints(two('80:80', '80:80', [zone('a'), zone('b')]))).toEqual([]);
    expect(complaints(two('80:80', '80:80', [zone('a'), zone('a')]))).toHaveLength(1);
  });

  it('fixedPortsLeaveRoom: warns when replicas with a fixed port are tied to one host', () => {
    const manifest = web([
      'ports: ["80:80"]',
      'deploy: { replicas: 2, placement: { constraints: [node.hostname == a] } }',
    ]);

    expect(complaints(manifest)).toEqual([
      '4:13 port-per-host: port 80 can be published once per host, but all 2 replicas are tied to one by "node.hostname == a"',
    ]);
  });
});

describe('rules on mounts and files', () => {
  it.each([
    {
      name: 'a bind mount in the home of whoever runs Compose',
      lines: ['volumes: ["~/data:/data"]'],
      expected:
        '4:15 unsupported-value: "~/data" is in the home of whoever runs Compose, and an operator has none on the host',
    },
    {
      name: 'a bind mount without a source',
      lines: ['volumes: [{ type: bind, target: /x }]'],
      expected: '4:15 missing-key: a bind mount must have the key "source"',
    },
    {
      name: 'a mount of a kind for clusters',
      lines: ['volumes: [{ type: cluster, source: x, target: /x }]'],
      expected: '4:23 unsupported-value: mounts of type "cluster" are not supported yet',
    },
    {
      name: 'a relative target',
      lines: ['volumes: [{ type: tmpfs, target: x }]'],
      expected: '4:15 invalid-value: the target "x" is not an absolute path',
    },
    {
      name: 'a mount that replaces another of the same file',
      lines: ['volumes: ["/a:/x", "/b:/x/"]'],
      expected:
        '4:24 replaced-mount: "/x" is mounted twice, and this replaces the mount at shop/compose.yaml:4:15',
    },
    {
      name: 'an option that means nothing',
      lines: ['volumes: ["/a:/x:fast"]'],
      expected:
        '4:15 unknown-volume-option: The option "fast" of volume "/a:/x:fast" means nothing and is ignored',
    },
  ])('$name', ({ lines, expected }) => {
    expect(complaints(web(lines))).toEqual([expected]);
  });

  const configs = 'configs: { conf: { content: x } }\n';

  it('targetsAreDistinct: a file over a mount', () => {
    const lines = ['volumes: ["/a:/conf"]', 'configs: [conf]'];

    expect(complaints(web(lines, configs))).toEqual([
      '5:15 duplicate-target: "/conf" is already mounted at shop/compose.yaml:4:15',
    ]);
  });

  it.each([
    ['["A =1"]', '4:19 invalid-name: the name of the environment variable "A " ends in a space'],
    ['{ "A ": 1 }', '4:20 invalid-name: the name of the environment variable "A " ends in a space'],
    ['["=1"]', '4:19 invalid-name: an environment variable has no name'],
  ])('environmentNamesAreWellFormed: not %s', (environment, expected) => {
    expect(complaints(web([`environment: ${environment}`]))).toEqual([expected]);
  });

  it('filesHaveOneSource: neither two nor none', () => {
    const after = 'configs:\n  both: { file: a, content: b }\n  none: {}\n';

    expect(complaints(web([], after))).toEqual([
      '5:20 conflicting-keys: config "both" cannot have both "file" and "content"',
      '6:3 missing-key: config "none" must have "file", "environment" or "content"',
    ]);
  });
});

describe('rules on everything else', () => {
  it.each([
    {
      name: 'a healthcheck in no form that the engine knows',
      lines: ['healthcheck: { test: [CMD_SHELL, x] }'],
      expected:
        '4:27 invalid-value: a healthcheck\'s test must start with CMD, CMD-SHELL or NONE, got "CMD_SHELL" (did you mean "CMD-SHELL"?)',
    },
    {
      name: 'a healthcheck without a command',
      lines: ['healthcheck: { test: [CMD] }'],
      expected: "4:26 invalid-value: a healthcheck's test has no command after CMD",
    },
    {
      name: 'start_interval alone',
      lines: ['healthcheck: { test: x, start_interval: 1s }'],
      expected: '4:45 missing-key: "start_interval" needs "start_period"',
    },
    {
      name: 'an unknown restart policy',
      lines: ['restart: sometimes'],
      expected:
        '4:14 invalid-value: "sometimes" is not a restart policy: expected no, always, unless-stopped, on-failure or on-failure:N',
    },
    {
      name: 'a constraint on an unknown key',
      lines: ['deploy: { placement: { constraints: ["node.label.zone == a"] } }'],
      expected:
        '4:42 invalid-value: "node.label.zone == a" is not a placement constraint: unknown key "node.label.zone" (did you mean "node.labels.zone"?)',
    },
    {
      name: 'a duration without a unit',
      lines: ['stop_grace_period: "10"'],
      expected:
        '4:24 invalid-value: "10" is not a duration: expected numbers with units (ns, us, ms, s, m, h, d, w), such as 1m30s',
    },
    {
      name: 'replicas of a global service',
      lines: ['deploy: { mode: global, replicas: 2 }'],
      expected:
        '4:29 conflicting-keys: a global service cannot have "replicas": it has one instance per eligible host',
    },
    {
      name: 'a job',
      lines: ['deploy: { mode: replicated-job }'],
      expected: '4:21 unsupported-value: the mode "replicated-job" is not supported yet',
    },
    {
      name: 'a bound on restarts that nobody counts',
      lines: ['deploy: { restart_policy: { max_attempts: 3 } }'],
      expected:
        '4:47 ignored-value: "max_attempts" has no effect: the engine counts restarts only with condition: on-failure',
    },
    {
      name: 'a gate with two probes',
      lines: ['x-fleetwright: { gate: { http: { port: 1 }, tcp: { port: 1 } } }'],
      expected: '4:49 conflicting-keys: a gate cannot have both "http" and "tcp"',
    },
    {
      name: 'a gate on no port',
      lines: ['x-fleetwright: { gate: { tcp: { port: 70000 } } }'],
      expected: '4:43 invalid-value: "port" must be at most 65535, got 70000',
    },
    {
      name: 'a gate that probes without a pause',
      lines: ['x-fleetwright: { gate: { tcp: { port: 1, interval: 0s } } }'],
      expected: '4:56 invalid-value: "interval" must be longer than zero',
    },
    {
      name: 'a gate that cannot be passed in time',
      lines: ['x-fleetwright: { gate: { minHealthyTime: 10s, healthyDeadline: 10s } }'],
      expected:
        '4:68 invalid-value: "minHealthyTime" (10000 ms) must be shorter than "healthyDeadline" (10000 ms)',
    },
    {
      name: 'a deadline that the healthcheck outlasts',
      lines: ['healthcheck: { test: x }', 'x-fleetwright: { gate: { healthyDeadline: 1m } }'],
      expected:
        '5:47 short-deadline: "healthyDeadline" (60000 ms) is shorter than the healthcheck may take (180000 ms): start_period + retries × (interval + timeout)',
    },
    {
      name: 'a label that is ours',
      lines: ['labels: { fleetwright.app: x }'],
      expected: '4:15 reserved-label: the label "fleetwright.app" is written by Fleetwright itself',
    },
    {
      name: 'an image in capitals',
      lines: ['deploy: {}'],
      image: 'NGINX',
      expected:
        '3:12 invalid-value: "NGINX" is not an image reference: its name must be lower case',
    },
    {
      name: 'a number that loses its last digit',
      lines: ['environment: { VERSION: 1.10 }'],
      expected: '4:29 unquoted-number: 1.10 without quotes is read as 1.1',
    },
  ])('$name', ({ lines, image = 'nginx', expected }) => {
    expect(complaints(web(lines).replace('nginx', image))).toEqual([expected]);
  });

  it.each([
    {
      name: 'an external volume with options',
      after: 'volumes: { data: { external: true, driver_opts: { a: b } } }\n',
      expected:
        '4:36 conflicting-keys: "volumes.data" cannot have both "external" and "driver_opts"',
    },
    {
      name: 'a volume that is a relative folder',
      after: 'volumes: { data: { driver_opts: { o: bind, type: none, device: ./x } } }\n',
      expected:
        '4:64 unsupported-value: a volume cannot be a folder beside the manifest: "./x" is no path of a host',
    },
    {
      name: 'a network across hosts',
      after: 'networks: { default: { driver: overlay } }\n',
      expected: '4:32 unsupported-value: networks with the driver "overlay" are not supported yet',
    },
  ])('$name', ({ after, expected }) => {
    expect(complaints(web([], after))).toEqual([expected]);
  });

  it('servicesAreThere: warns of an application without services', () => {
    expect(complaints('name: shop\n')).toEqual([
      '1:1 no-services: the application has no services',
    ]);
  });
});
