import { describe, expect, it } from 'vitest';

import { compareSettings, settingNames } from '../../../src/drift/compare-settings.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { aContainer } from '../../support/builders.ts';

/** Two values for each setting. */
const values: {
  readonly [Key in keyof Required<Settings>]: readonly [Settings[Key], Settings[Key]];
} = {
  annotations: [{ a: '1' }, { a: '2' }],
  blockDevices: [
    { weights: [{ path: '/dev/a', amount: 1 }] },
    { weights: [{ path: '/dev/a', amount: 2 }] },
  ],
  cgroup: ['host', 'private'],
  cgroupParent: ['a', 'b'],
  cpuRealtimePeriod: [1, 2],
  cpuRealtimeRuntime: [1, 2],
  deviceCgroupRules: [['c 1:3 r'], ['c 1:3 w']],
  devices: [
    [{ source: '/dev/a', target: '/dev/a', permissions: 'r' }],
    [{ source: '/dev/a', target: '/dev/a', permissions: 'rwm' }],
  ],
  deviceRequests: [
    [{ driver: '', count: -1, ids: [], capabilities: ['gpu'], options: {} }],
    [{ driver: '', count: 1, ids: [], capabilities: ['gpu'], options: {} }],
  ],
  dns: [['10.0.0.1'], ['10.0.0.2']],
  dnsOptions: [['a'], ['b']],
  dnsSearch: [
    ['a', 'b'],
    ['b', 'a'],
  ],
  domainname: ['a', 'b'],
  extraHosts: [['a:10.0.0.1'], ['a:10.0.0.2']],
  groupAdd: [['1'], ['2']],
  ipc: ['host', 'private'],
  logging: [{ options: { 'max-size': '1m' } }, { options: { 'max-size': '2m' } }],
  memorySwappiness: [0, 60],
  oomKillDisable: [true, undefined],
  oomScoreAdj: [1, 2],
  pid: ['host', undefined],
  privileged: [true, undefined],
  runtime: ['runc', 'crun'],
  shmBytes: [1, 2],
  stdinOpen: [true, undefined],
  storageOptions: [{ size: '1G' }, { size: '2G' }],
  sysctls: [{ 'net.core.somaxconn': '1' }, { 'net.core.somaxconn': '2' }],
  tmpfs: [{ '/run': '' }, { '/run': 'size=1m' }],
  tty: [true, undefined],
  ulimits: [[{ name: 'nofile', soft: 1, hard: 2 }], [{ name: 'nofile', soft: 1, hard: 3 }]],
  userns: ['host', undefined],
  uts: ['host', undefined],
};

function specWith(name: keyof Settings, value: unknown): ContainerSpec {
  return aContainer(value === undefined ? {} : { [name]: value });
}

function pathsOf(desired: ContainerSpec, observed: ContainerSpec): readonly string[] {
  return compareSettings(desired, observed).map(({ path }) => path);
}

function nofile(hard: number): Settings {
  return { ulimits: [{ name: 'nofile', soft: 1, hard }] };
}

describe.each(settingNames)('compareSettings() of %s', (name) => {
  const [one, other] = values[name];

  it('finds no difference between equals', () => {
    expect(pathsOf(specWith(name, one), specWith(name, one))).toEqual([]);
  });

  it('finds another value', () => {
    // A flag has one value, and a kernel that does not know it drops it.
    const isDropped = name === 'oomKillDisable';

    expect(pathsOf(specWith(name, one), specWith(name, other))).toHaveLength(isDropped ? 0 : 1);
  });
});

describe('compareSettings()', () => {
  it.each<{ name: string; desired: Settings; observed: Settings }>([
    {
      name: 'another log driver, when the manifest names none',
      desired: { logging: { options: { a: 'b' } } },
      observed: { logging: { driver: 'local', options: { a: 'b' } } },
    },
    {
      name: 'options of the log that the daemon adds',
      desired: { logging: { driver: 'local' } },
      observed: { logging: { driver: 'local', options: { 'max-size': '9m' } } },
    },
    {
      name: 'limits that the daemon adds',
      desired: { ulimits: [{ name: 'core', soft: 0, hard: 0 }] },
      observed: {
        ulimits: [
          { name: 'core', soft: 0, hard: 0 },
          { name: 'nofile', soft: 1, hard: 2 },
        ],
      },
    },
    {
      name: 'what cgroup v2 cannot do',
      desired: { oomKillDisable: true, memorySwappiness: 10 },
      observed: {},
    },
    {
      name: 'kernel parameters of one interface, which newer engines keep elsewhere',
      desired: { sysctls: { 'net.ipv4.conf.eth0.log_martians': '1' } },
      observed: {},
    },
    {
      name: 'the order of fields',
      desired: { devices: [{ source: '/a', target: '/b', permissions: 'r' }] },
      observed: { devices: [{ permissions: 'r', target: '/b', source: '/a' }] },
    },
  ])('takes no notice of $name', ({ desired, observed }) => {
    expect(compareSettings(aContainer(desired), aContainer(observed))).toEqual([]);
  });

  it.each<{ name: string; observed: Settings; path: string }>([
    { name: 'all capabilities', observed: { privileged: true }, path: 'privileged' },
    { name: 'the processes of the host', observed: { pid: 'host' }, path: 'pid' },
    { name: 'the IPC of the host', observed: { ipc: 'host' }, path: 'ipc' },
    { name: 'the IPC of another container', observed: { ipc: 'container:abc' }, path: 'ipc' },
    {
      name: 'a device of the host',
      observed: { devices: [{ source: '/dev/a', target: '/dev/a', permissions: 'r' }] },
      path: 'devices',
    },
  ])('reports $name that nobody asked for', ({ observed, path }) => {
    expect(pathsOf(aContainer(), aContainer(observed))).toEqual([path]);
  });

  it('says in words what is asked for and what is there', () => {
    expect(compareSettings(aContainer(nofile(2)), aContainer(nofile(3)))).toEqual([
      { path: 'ulimits', desired: 'nofile=hard 2, soft 1', observed: 'nofile=hard 3, soft 1' },
    ]);
  });
});
