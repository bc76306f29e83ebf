import { describe, expect, it } from 'vitest';

import {
  projectContainer,
  projectListed,
  projectUnmanaged,
} from '../../../src/fleet/project-container.ts';
import type { WireContainer } from '../../../src/fleet/wire.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import { noRestart } from '../../../src/model/container.ts';
import { toHostName } from '../../../src/model/names.ts';
import { aContainer } from '../../support/builders.ts';
import { recordedContainer } from './builders.ts';

const host = toHostName('host-1');

/** What the engine fills in where nobody asked; drift compares it only where a manifest does. */
const engineDefaults = {
  cgroup: 'host',
  ipc: 'private',
  logging: { driver: 'json-file' },
  runtime: 'runc',
  shmBytes: 67_108_864,
} as const;

it('projectContainer() gives everything that was asked for in its normal form', () => {
  const { spec } = projectContainer(host, recordedContainer('full'), 0);

  expect(spec).toEqual({
    image: 'testapp:rich',
    command: null,
    entrypoint: ['testapp'],
    environment: { A: '1', DROP: null, PATH: '/bin', VERSION: 'rich' },
    labels: { from: 'image', team: 'x' },
    user: '1000',
    workingDir: '/tmp',
    hostname: 'web',
    init: true,
    readOnly: true,
    capAdd: ['CAP_NET_ADMIN'],
    capDrop: ['ALL'],
    securityOpt: ['label=disable', 'no-new-privileges'],
    healthcheck: {
      test: ['CMD-SHELL', 'testapp check'],
      intervalMs: 1000,
      timeoutMs: null,
      startPeriodMs: 1000,
      startIntervalMs: null,
      retries: 2,
    },
    ports: [
      { target: 8080, protocol: 'tcp', hostIp: '', published: '18080' },
      { target: 9090, protocol: 'udp', hostIp: '127.0.0.1', published: '' },
    ],
    expose: ['7070/tcp'],
    mounts: [
      { type: 'volume', source: 'data_vol', target: '/data', readOnly: false, noCopy: false },
      {
        type: 'bind',
        source: '/srv/host',
        target: '/host',
        readOnly: true,
        createHostPath: true,
        propagation: 'rprivate',
      },
      { type: 'tmpfs', target: '/scratch', readOnly: false, sizeBytes: 1_048_576, mode: 0o1777 },
    ],
    networks: [{ network: 'app_default', aliases: ['web'], macAddress: '02:42:0a:c9:04:02' }],
    files: [],
    stopSignal: 'INT',
    stopGraceMs: 7000,
    resources: {
      memoryBytes: 67_108_864,
      memoryReservationBytes: null,
      nanoCpus: 500_000_000,
      pids: 50,
    },
    restart: { name: 'on-failure', maximumRetryCount: 3 },
    tmpfs: { '/run': 'size=64k,mode=755' },
    ...engineDefaults,
  });
});

it('projectContainer() of a container that asks for nothing shows only what its image gives', () => {
  const { spec } = projectContainer(host, recordedContainer('plain'), 0);

  expect(spec).toEqual(
    aContainer({
      command: ['testapp'],
      environment: { PATH: '/bin', VERSION: 'v1' },
      expose: ['8080/tcp'],
      networks: [{ network: 'bridge', aliases: [], macAddress: '02:42:0a:c9:00:02' }],
      restart: noRestart,
      ...engineDefaults,
    }),
  );
});

it('projectContainer() gives anonymous volumes without their random names', () => {
  const { spec } = projectContainer(host, recordedContainer('anon'), 0);

  const anonymous = { type: 'volume', source: '', readOnly: false, noCopy: false };
  expect(spec.mounts).toEqual([
    { ...anonymous, target: '/anon' },
    { ...anonymous, target: '/data' },
  ]);
  expect(spec.networks).toEqual([]);
});

it.each([
  { name: 'plain', state: 'running', exitCode: 0 },
  { name: 'paused', state: 'paused', exitCode: 0 },
  { name: 'stuck', state: 'restarting', exitCode: 3 },
  { name: 'gone', state: 'exited', exitCode: 3 },
  { name: 'noexec', state: 'created', exitCode: 127 },
])('projectContainer() of the recorded "$name" is $state', ({ name, state, exitCode }) => {
  expect(projectContainer(host, recordedContainer(name), 0)).toMatchObject({ state, exitCode });
});

it('projectContainer() keeps the words of a start that failed', () => {
  const failed = projectContainer(host, recordedContainer('noexec'), 0);

  expect(failed.startError).toContain('exec: "/nope"');
  expect(failed).toMatchObject({ startedAt: null, finishedAt: null, published: [] });
});

it('projectContainer() gives health, its log, and the ports as published', () => {
  const observed = projectContainer(host, recordedContainer('full'), 0);

  expect(observed.health).toBe('unhealthy');
  expect(observed.healthLog[0]).toContain('stat /bin/sh: no such file');
  expect(observed.published).toEqual([
    { target: 8080, protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 18_080 },
    { target: 8080, protocol: 'tcp', hostIp: '::', hostPort: 18_080 },
    { target: 9090, protocol: 'udp', hostIp: '127.0.0.1', hostPort: 32_769 },
  ]);
});

it('projectContainer() takes the skew of the host out of its times', () => {
  const recorded = recordedContainer('plain');

  const straight = projectContainer(host, recorded, 0);
  const skewed = projectContainer(host, recorded, 3_600_000);

  expect((straight.startedAt ?? 0) - (skewed.startedAt ?? 0)).toBe(3_600_000);
});

const id = 'f'.repeat(64);

function project(fields: Partial<WireContainer>): ContainerSpec {
  return projectContainer(host, { Id: id, ...fields }, 0).spec;
}

function projectAliases(asked: readonly string[]): readonly string[] | undefined {
  return project({
    Name: '/shop-web-1',
    Config: { Hostname: 'web' },
    NetworkSettings: { Networks: { net: { Aliases: asked } } },
  }).networks[0]?.aliases;
}

describe('projectContainer() normalises', () => {
  it('everything that is absent to the same as null, [] and {}', () => {
    const absent = project({});
    const nulls = project({
      Config: { Cmd: null, Env: null, Labels: null, ExposedPorts: null, Healthcheck: {} },
      HostConfig: { Binds: null, Mounts: null, CapAdd: null, PortBindings: {}, PidsLimit: -1 },
      Mounts: null,
    });

    expect(nulls).toEqual(absent);
    expect(absent).toEqual(aContainer({ image: '', restart: noRestart }));
  });

  it.each([
    { name: 'NanoCpus', fields: { NanoCpus: 250_000_000 } },
    { name: 'quota and period', fields: { CpuQuota: 12_500, CpuPeriod: 50_000 } },
    { name: 'a quota of the default period', fields: { CpuQuota: 25_000 } },
  ])('$name to the same nanoCpus', ({ fields }) => {
    expect(project({ HostConfig: fields }).resources.nanoCpus).toBe(250_000_000);
  });

  it.each(['', 'no'])('the restart policy %j to no', (name) => {
    const spec = project({ HostConfig: { RestartPolicy: { Name: name, MaximumRetryCount: 0 } } });

    expect(spec.restart).toEqual({ name: 'no', maximumRetryCount: 0 });
  });

  it('port keys without a protocol and the port 0', () => {
    const spec = project({
      Config: { ExposedPorts: { '90': {}, '80': {} } },
      HostConfig: { PortBindings: { '80': [{ HostIp: '', HostPort: '0' }] } },
    });

    expect(spec.ports).toEqual([{ target: 80, protocol: 'tcp', hostIp: '', published: '' }]);
    expect(spec.expose).toEqual(['90/tcp']);
  });

  it('aliases without what the engine appends, and with what was asked for', () => {
    expect(projectAliases(['b', 'a', id.slice(0, 12), 'web'])).toEqual(['a', 'b']);
    expect(projectAliases(['web', 'shop-web-1', id.slice(0, 12)])).toEqual(['web']);
  });

  it('a hostname that the engine chose to none', () => {
    expect(project({ Config: { Hostname: id.slice(0, 12) } }).hostname).toBeNull();
    expect(
      project({ Config: { Hostname: 'vm' }, HostConfig: { NetworkMode: 'host' } }).hostname,
    ).toBeNull();
    expect(project({ Config: { Hostname: 'db' } }).hostname).toBe('db');
  });
});

it.each([
  { state: 'dead', flags: { Dead: true, Status: 'exited' } },
  { state: 'removing', flags: { Status: 'removing' } },
  { state: 'restarting', flags: { Running: true, Restarting: true, Status: 'restarting' } },
  { state: 'paused', flags: { Running: true, Paused: true, Status: 'paused' } },
])('projectUnmanaged() lets $state win over what else is set', ({ state, flags }) => {
  expect(projectUnmanaged({ Id: 'a', State: flags }).state).toBe(state);
});

it('projectListed() reads a row of the list', () => {
  const row = projectListed({
    Id: 'a',
    Names: ['/other/link', '/web'],
    Image: 'nginx',
    ImageID: 'sha256:1',
    State: 'running',
    Labels: null,
    Ports: [
      { PrivatePort: 81, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    ],
    NetworkSettings: { Networks: { front: {}, back: null } },
  });

  expect(row).toEqual({
    id: 'a',
    name: 'web',
    image: 'nginx',
    imageId: 'sha256:1',
    state: 'running',
    labels: {},
    published: [{ target: 80, protocol: 'tcp', hostIp: '::', hostPort: 8080 }],
    networks: ['back', 'front'],
  });
});
