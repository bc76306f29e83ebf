import type { ContainerSpec } from '../../src/model/container.ts';

/** Every field of a container once, in its normal form. */
export const containerTable: readonly {
  readonly name: string;
  readonly spec: Partial<ContainerSpec>;
}[] = [
  { name: 'nothing', spec: {} },
  { name: 'command', spec: { command: ['testapp', 'check'] } },
  { name: 'entrypoint', spec: { entrypoint: ['testapp'] } },
  { name: 'entrypoint and command', spec: { entrypoint: ['testapp'], command: ['check', '/'] } },
  { name: 'environment', spec: { environment: { A: '1', EMPTY: '', VERSION: null, Z: 'a=b' } } },
  { name: 'labels', spec: { labels: { team: 'shop', from: 'user' } } },
  { name: 'user', spec: { user: '1000:1000' } },
  { name: 'working directory', spec: { workingDir: '/srv' } },
  { name: 'hostname', spec: { hostname: 'web' } },
  { name: 'init', spec: { init: true } },
  { name: 'no init', spec: { init: false } },
  { name: 'read-only root', spec: { readOnly: true } },
  { name: 'capabilities', spec: { capAdd: ['CAP_NET_ADMIN'], capDrop: ['ALL'] } },
  { name: 'security options', spec: { securityOpt: ['label=disable', 'no-new-privileges'] } },
  {
    name: 'a health check',
    spec: {
      healthcheck: {
        test: ['CMD', 'testapp', 'check', '/'],
        intervalMs: 1500,
        timeoutMs: 800,
        startPeriodMs: 200,
        startIntervalMs: null,
        retries: 4,
      },
    },
  },
  {
    name: 'a health check that only changes the interval',
    spec: {
      healthcheck: {
        test: null,
        intervalMs: 2000,
        timeoutMs: null,
        startPeriodMs: null,
        startIntervalMs: null,
        retries: null,
      },
    },
  },
  {
    name: 'no health check',
    spec: {
      healthcheck: {
        test: ['NONE'],
        intervalMs: null,
        timeoutMs: null,
        startPeriodMs: null,
        startIntervalMs: null,
        retries: null,
      },
    },
  },
  {
    name: 'ports',
    spec: {
      ports: [
        { target: 8080, protocol: 'tcp', hostIp: '', published: '' },
        { target: 8080, protocol: 'tcp', hostIp: '127.0.0.1', published: '18080' },
        { target: 8081, protocol: 'tcp', hostIp: '', published: '18100-18110' },
        { target: 5353, protocol: 'udp', hostIp: '', published: '15353' },
      ],
    },
  },
  { name: 'exposed ports', spec: { expose: ['7000/tcp', '7001/udp'] } },
  {
    name: 'volumes',
    spec: {
      mounts: [
        { type: 'volume', source: '', target: '/anonymous', readOnly: false, noCopy: false },
        { type: 'volume', source: 'shop_cache', target: '/cache', readOnly: true, noCopy: true },
        { type: 'volume', source: 'shop_data', target: '/data', readOnly: false, noCopy: false },
      ],
    },
  },
  {
    name: 'binds',
    spec: {
      mounts: [
        {
          type: 'bind',
          source: '/usr',
          target: '/there',
          readOnly: true,
          createHostPath: false,
          propagation: 'rprivate',
        },
        {
          type: 'bind',
          source: '/tmp/fleetwright-test/made',
          target: '/to-be-made',
          readOnly: false,
          createHostPath: true,
          propagation: 'rprivate',
        },
      ],
    },
  },
  {
    name: 'temporary file systems',
    spec: {
      mounts: [
        { type: 'tmpfs', target: '/scratch', readOnly: false, sizeBytes: 1_048_576, mode: 0o1777 },
        { type: 'tmpfs', target: '/small', readOnly: false, sizeBytes: null, mode: null },
      ],
    },
  },
  {
    name: 'networks',
    spec: {
      networks: [
        { network: 'shop_back', aliases: ['api', 'web'] },
        { network: 'shop_front', aliases: ['web'] },
      ],
    },
  },
  { name: 'no network', spec: { networks: [] } },
  { name: 'stop signal', spec: { stopSignal: 'SIGINT' } },
  { name: 'stop grace', spec: { stopGraceMs: 3000 } },
  {
    name: 'resources',
    spec: {
      resources: {
        memoryBytes: 67_108_864,
        memoryReservationBytes: 33_554_432,
        nanoCpus: 250_000_000,
        pids: 64,
      },
    },
  },
  {
    name: 'files',
    spec: {
      files: [
        { target: '/etc/app/a.conf', content: 'YQ==', mode: 0o440, uid: 5, gid: 6 },
        { target: '/new/deep/b.conf', content: 'Yg==', mode: 0o644, uid: 0, gid: 0 },
      ],
    },
  },
];
