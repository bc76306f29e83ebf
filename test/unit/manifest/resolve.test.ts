import { describe, expect, it } from 'vitest';

import { originAt, originOf } from '../../../src/model/origin.ts';
import { loadApplication, loadService, loadWeb } from '../../support/load-files.ts';

describe('resolveService() fills in defaults', () => {
  it('of a service with nothing but an image', () => {
    const { container, hash, origins, ...service } = loadWeb();

    expect(service).toEqual({
      name: 'web',
      pullPolicy: 'missing',
      tagMoved: null,
      mode: 'replicated',
      replicas: 1,
      constraints: [],
      update: {
        order: 'start-first',
        parallelism: 1,
        delayMs: 0,
        monitorMs: 5_000,
        failureAction: 'rollback',
        maxFailureRatio: 0,
        maxSurge: null,
        maxUnavailable: null,
      },
      rollback: {
        order: 'start-first',
        parallelism: 1,
        delayMs: 0,
        monitorMs: 0,
        failureAction: 'pause',
        maxFailureRatio: 0,
        maxSurge: null,
        maxUnavailable: null,
      },
      rollout: {
        strategy: 'rolling',
        steps: [],
        promote: 'auto',
        attempts: 2,
        progressDeadlineMs: 600_000,
      },
      singleton: false,
      job: null,
      gate: { probe: null, minHealthyTimeMs: 1_000, healthyDeadlineMs: 300_000 },
      dependsOn: [],
    });
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(originAt(origins, 'image')).toEqual({ file: 'shop/compose.yaml', line: 3, column: 12 });
    expect(container).toMatchObject({
      image: 'nginx',
      command: null,
      init: null,
      readOnly: false,
      networks: [{ network: 'shop_default', aliases: ['web'] }],
      restart: { name: 'unless-stopped', maximumRetryCount: 0 },
    });
  });

  it('of a probe, and gives a slow healthcheck the time it needs', () => {
    const { gate } = loadWeb([
      'healthcheck: { test: x, interval: 1m, timeout: 1m, retries: 5, start_period: 30s }',
      'x-fleetwright: { gate: { http: { port: 8080 }, minHealthyTime: 2s } }',
    ]);

    expect(gate).toEqual({
      probe: { kind: 'http', port: 8080, path: '/', intervalMs: 250, timeoutMs: 1_000 },
      minHealthyTimeMs: 2_000,
      healthyDeadlineMs: 632_000,
    });
  });

  it('of deploy, as far as it is written', () => {
    const { mode, update, constraints, container } = loadWeb([
      'deploy:',
      '  mode: global',
      '  placement: { constraints: ["node.labels.zone==a"] }',
      '  resources: { limits: { cpus: "0.5", memory: 64m, pids: 100 }, reservations: { memory: 32m } }',
      '  update_config: { order: stop-first, parallelism: 0, delay: 1m, failure_action: pause, max_failure_ratio: 0.5 }',
    ]);

    expect(mode).toBe('global');
    expect(update).toEqual({
      order: 'stop-first',
      parallelism: 0,
      delayMs: 60_000,
      monitorMs: 5_000,
      failureAction: 'pause',
      maxFailureRatio: 0.5,
      maxSurge: null,
      maxUnavailable: null,
    });
    expect(constraints).toEqual([
      {
        key: 'node.labels.zone',
        operator: '==',
        value: 'a',
        text: 'node.labels.zone==a',
        origin: { file: 'shop/compose.yaml', line: 6, column: 34 },
      },
    ]);
    expect(container.resources).toEqual({
      memoryBytes: 64 * 1024 ** 2,
      memoryReservationBytes: 32 * 1024 ** 2,
      nanoCpus: 500_000_000,
      pids: 100,
    });
  });
});

describe('resolveContainer() brings values into their normal form', () => {
  it.each([
    {
      name: 'command as a text',
      lines: ['command: echo "a b"'],
      expected: { command: ['echo', 'a b'] },
    },
    { name: 'an emptied command', lines: ['command: []'], expected: { command: [] } },
    { name: 'an unset entrypoint', lines: ['entrypoint:'], expected: { entrypoint: null } },
    {
      name: 'capabilities',
      lines: ['cap_add: [sys_time, CAP_NET_ADMIN]', 'cap_drop: [all]'],
      expected: { capAdd: ['CAP_NET_ADMIN', 'CAP_SYS_TIME'], capDrop: ['ALL'] },
    },
    {
      name: 'security options in the old notation',
      lines: ['security_opt: ["no-new-privileges:true", "label=disable"]'],
      expected: { securityOpt: ['label=disable', 'no-new-privileges'] },
    },
    {
      name: 'ports, sorted, and expose without them',
      lines: [
        'ports: ["443:443", "127.0.0.1:53:53/udp", "8000-8001:80-81"]',
        'expose: [80, "9000-9001/udp"]',
      ],
      expected: {
        ports: [
          { target: 80, protocol: 'tcp', hostIp: '', published: '8000' },
          { target: 81, protocol: 'tcp', hostIp: '', published: '8001' },
          { target: 443, protocol: 'tcp', hostIp: '', published: '443' },
          { target: 53, protocol: 'udp', hostIp: '127.0.0.1', published: '53' },
        ],
        expose: ['9000/udp', '9001/udp'],
      },
    },
    {
      name: 'mounts, sorted by target',
      lines: [
        'volumes:',
        '  - { type: tmpfs, target: /z, tmpfs: { size: 1m, mode: 0700 } }',
        '  - /srv/data/:/b/:ro',
        '  - /anonymous',
      ],
      expected: {
        mounts: [
          { type: 'volume', source: '', target: '/anonymous', readOnly: false, noCopy: false },
          {
            type: 'bind',
            source: '/srv/data',
            target: '/b',
            readOnly: true,
            createHostPath: true,
            propagation: '',
          },
          { type: 'tmpfs', target: '/z', readOnly: false, sizeBytes: 1_048_576, mode: 0o700 },
        ],
      },
    },
    {
      name: 'a healthcheck',
      lines: ['healthcheck: { test: curl x, interval: 1m30s, retries: 2 }'],
      expected: {
        healthcheck: {
          test: ['CMD-SHELL', 'curl x'],
          intervalMs: 90_000,
          timeoutMs: null,
          startPeriodMs: null,
          startIntervalMs: null,
          retries: 2,
        },
      },
    },
    {
      name: 'a healthcheck that is switched off',
      lines: ['healthcheck: { disable: true, retries: 2 }'],
      expected: { healthcheck: { test: ['NONE'], retries: null } },
    },
    {
      name: 'an image by its familiar name',
      lines: ['image: docker.io/library/redis:7'],
      expected: { image: 'redis:7' },
    },
    { name: 'times', lines: ['stop_grace_period: 1m'], expected: { stopGraceMs: 60_000 } },
  ])('$name', ({ lines, expected }) => {
    const own = lines[0]?.startsWith('image:') === true;
    const manifest = `services:\n  web:\n${own ? '' : '    image: nginx\n'}${lines.map((line) => `    ${line}\n`).join('')}`;

    expect(loadService(manifest).container).toMatchObject(expected);
  });

  it.each([
    { lines: ['restart: "no"'], expected: { name: 'no', maximumRetryCount: 0 } },
    { lines: ['restart: no'], expected: { name: 'no', maximumRetryCount: 0 } },
    { lines: ['restart: always'], expected: { name: 'always', maximumRetryCount: 0 } },
    { lines: ['restart: on-failure:3'], expected: { name: 'on-failure', maximumRetryCount: 3 } },
    {
      lines: ['deploy: { restart_policy: { condition: any } }', 'restart: "no"'],
      expected: { name: 'unless-stopped', maximumRetryCount: 0 },
    },
    {
      lines: ['deploy: { restart_policy: { condition: on-failure, max_attempts: 5 } }'],
      expected: { name: 'on-failure', maximumRetryCount: 5 },
    },
    {
      lines: ['deploy: { restart_policy: { condition: none } }'],
      expected: { name: 'no', maximumRetryCount: 0 },
    },
  ])('restart: $lines', ({ lines, expected }) => {
    expect(loadWeb(lines).container.restart).toEqual(expected);
  });

  it('does not restart what another service waits for to complete', () => {
    const after =
      '  app: { image: x, depends_on: { web: { condition: service_completed_successfully } } }\n';
    const services = loadApplication(`services:\n  web: { image: x }\n${after}`).services;

    expect(services.map(({ name, container }) => [name, container.restart.name])).toEqual([
      ['app', 'unless-stopped'],
      ['web', 'no'],
    ]);
  });
});

describe('resolveEnvironment()', () => {
  const files = {
    'shop/.env': 'TAG=7\nDECLARED=yes\n',
    'shop/a.env': 'A=file-a\nB=file-a\nC=$TAG\n',
    'shop/b.env': 'B=file-b\n',
    'shop/raw.env': 'RAW="$TAG"\n',
  };

  it('takes env files in their order, then environment; a bare name takes a variable or is unset', () => {
    const { container, origins } = loadWeb(
      [
        'env_file: [a.env, b.env, { path: none.env, required: false }]',
        'environment: [A=own, DECLARED, UNSET]',
      ],
      '',
      files,
    );

    expect(container.environment).toEqual({
      A: 'own',
      B: 'file-b',
      C: '7',
      DECLARED: 'yes',
      UNSET: null,
    });
    expect(originAt(origins, 'environment.B')).toMatchObject({ file: 'shop/b.env', line: 1 });
    expect(originAt(origins, 'environment.A')).toMatchObject({
      file: 'shop/compose.yaml',
      line: 5,
    });
  });

  it('interpolates env files with declared variables, then environment, then their own and earlier ones', () => {
    const { container } = loadWeb(
      ['env_file: [base.env, over.env]', 'environment: { A: own, TAG: own }'],
      '',
      {
        'shop/.env': 'TAG=7\n',
        'shop/base.env': 'A=base\nB=base\nC=base\n',
        'shop/over.env': 'B=over\nSEEN="$TAG $A $B $C"\n',
      },
    );

    expect(container.environment['SEEN']).toBe('7 own over base');
  });

  it('reads a raw env file as docker run does', () => {
    const { container } = loadWeb(['env_file: [{ path: raw.env, format: raw }]'], '', files);

    expect(container.environment).toEqual({ RAW: '"$TAG"' });
  });

  it('takes no prototype for a name', () => {
    const { container } = loadWeb(['environment: { __proto__: x, constructor: y }']);

    expect(Object.entries(container.environment)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});

describe('resolveFiles()', () => {
  it('delivers files and contents, with ids and mode', () => {
    const { container } = loadWeb(
      [
        'configs: [site, { source: inline, target: /etc/x.conf, uid: "10", gid: "20", mode: 0400 }]',
      ],
      'configs:\n  site: { file: ./site/nginx.conf }\n  inline: { content: "port ${PORT:-80}" }\n',
      { 'shop/site/nginx.conf': new Uint8Array([0, 255]) },
    );

    expect(container.files).toEqual([
      { target: '/etc/x.conf', content: 'cG9ydCA4MA==', mode: 0o400, uid: 10, gid: 20 },
      { target: '/site', content: 'AP8=', mode: 0o444, uid: 0, gid: 0 },
    ]);
  });
});

describe('resolveApplication()', () => {
  it('names networks and volumes on the engine, and keeps those that some service uses', () => {
    const { networks, volumes, services } = loadApplication(`
services:
  web:
    image: nginx
    networks: { front: , shared: { aliases: [www] } }
    volumes: ["data:/a", "old:/b", "own:/c"]
networks:
  front: { internal: true, labels: [a=b], driver_opts: { mtu: 1400 } }
  shared: { external: true, name: corp }
  unused: {}
volumes:
  data:
  own: { name: mine }
  old: { external: true }
`);

    expect(networks).toMatchObject([
      {
        name: 'corp',
        external: true,
        driver: 'bridge',
        internal: false,
        driverOpts: {},
        labels: {},
      },
      {
        name: 'shop_front',
        external: false,
        driver: 'bridge',
        internal: true,
        driverOpts: { mtu: '1400' },
        labels: { a: 'b' },
      },
    ]);
    expect(volumes.map(({ name, external }) => [name, external])).toEqual([
      ['mine', false],
      ['old', true],
      ['shop_data', false],
    ]);
    expect(services[0]?.container.networks).toEqual([
      { network: 'corp', aliases: ['web', 'www'] },
      { network: 'shop_front', aliases: ['web'] },
    ]);
  });

  it('leaves services with profiles out, and drops optional dependencies on them', () => {
    const { services } = loadApplication(`
services:
  web: { image: nginx, depends_on: { debug: { condition: service_started, required: false }, db: { condition: service_healthy } } }
  db: { image: postgres, healthcheck: { test: x } }
  debug: { image: busybox, profiles: [dev] }
`);

    expect(services.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['db', []],
      ['web', [{ service: 'db', condition: 'healthy', required: true }]],
    ]);
  });

  it('restarts a service with those that say so, not with those whose names it uses', () => {
    const { services } = loadApplication(`
services:
  web: { image: nginx, links: [cache], depends_on: { db: { condition: service_started, restart: "true" } } }
  cache: { image: redis }
  db: { image: postgres }
`);
    const waited = { condition: 'started', required: true };

    expect(services.find(({ name }) => name === 'web')?.dependsOn).toEqual([
      { service: 'cache', ...waited },
      { service: 'db', ...waited, restart: true },
    ]);
  });
});

describe('origins', () => {
  it('name the line where a value stands: in an anchor, a merged map, an override or the list itself', () => {
    const base = `
x-defaults: &defaults
  stop_signal: SIGINT
  environment: &env { LOG_LEVEL: info }
services:
  web:
    <<: *defaults
    image: nginx
    ports: ["80:80"]
    environment: { <<: *env, OWN: x }
`;
    const override = 'services:\n  web:\n    image: nginx:2\n    ports: ["81:81"]\n';
    const { origins } = loadService(base, { 'shop/compose.override.yaml': override });
    const place = (path: string): string => {
      const origin = originOf(origins, path);
      return `${origin?.file.replace('shop/', '')}:${origin?.line}:${origin?.column}`;
    };

    expect({
      service: place(''),
      image: place('image'),
      signal: place('stop_signal'),
      logLevel: place('environment.LOG_LEVEL'),
      own: place('environment.OWN'),
      first: place('ports.0'),
      second: place('ports.1'),
      default: place('deploy.resources.limits.memory'),
    }).toEqual({
      service: 'compose.yaml:6:3',
      image: 'compose.override.yaml:3:12',
      signal: 'compose.yaml:3:16',
      logLevel: 'compose.yaml:4:34',
      own: 'compose.yaml:10:35',
      first: 'compose.yaml:9:13',
      second: 'compose.override.yaml:4:13',
      default: 'compose.yaml:6:3',
    });
  });
});
