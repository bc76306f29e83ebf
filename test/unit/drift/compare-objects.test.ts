import { describe, expect, it } from 'vitest';

import type { NetworkSpec, VolumeSpec } from '../../../src/model/application.ts';
import type { ObservedNetwork, ObservedVolume } from '../../../src/model/observation.ts';
import { compareNetworkObjects, compareVolumeObjects } from '../../../src/drift/compare-objects.ts';

const origin = { file: 'apps/shop/compose.yaml', line: 9, column: 3 };
const pool = { subnet: '10.9.0.0/24', gateway: '10.9.0.1' };

const wanted: NetworkSpec = {
  name: 'shop_front',
  external: false,
  driver: 'bridge',
  internal: false,
  driverOpts: {},
  labels: {},
  origin,
};

const network: ObservedNetwork = {
  id: 'n1',
  name: 'shop_front',
  driver: 'bridge',
  internal: false,
  labels: { 'fleetwright.app': 'shop' },
  settings: {
    options: { 'com.docker.network.bridge.name': 'br0' },
    enableIpv6: false,
    ipamDriver: 'default',
    pools: [pool],
  },
};

const volume: VolumeSpec = {
  name: 'shop_data',
  external: false,
  driver: 'local',
  driverOpts: {},
  labels: {},
  origin,
};

const there: ObservedVolume = { name: 'shop_data', driver: 'local', labels: {}, options: {} };

describe('compareNetworkObjects()', () => {
  it('leaves to the engine what the manifest leaves open', () => {
    expect(compareNetworkObjects(wanted, network)).toEqual([]);
  });

  it('takes what is as it was declared', () => {
    const declared = { ...wanted, enableIpv6: false, ipam: { pools: [{ subnet: pool.subnet }] } };

    expect(compareNetworkObjects(declared, network)).toEqual([]);
  });

  it.each<[string, Partial<NetworkSpec>, unknown, unknown]>([
    ['driver', { driver: 'macvlan' }, 'macvlan', 'bridge'],
    ['internal', { internal: true }, true, false],
    ['driver_opts.mtu', { driverOpts: { mtu: '1400' } }, '1400', null],
    ['enable_ipv6', { enableIpv6: true }, true, false],
    ['ipam.driver', { ipam: { driver: 'other' } }, 'other', 'default'],
    [
      'ipam.config',
      { ipam: { pools: [{ subnet: '10.8.0.0/24' }] } },
      ['10.8.0.0/24'],
      ['10.9.0.0/24 10.9.0.1'],
    ],
    ['labels.team', { labels: { team: 'shop' } }, 'shop', null],
  ])('reports %s with both values', (path, declared, desired, observed) => {
    expect(compareNetworkObjects({ ...wanted, ...declared }, network)).toEqual([
      { path, desired, observed },
    ]);
  });

  it('says nothing of what is not known', () => {
    const { settings: _settings, ...bare } = network;

    expect(compareNetworkObjects({ ...wanted, driverOpts: { mtu: '1400' } }, bare)).toEqual([]);
  });
});

describe('compareVolumeObjects()', () => {
  it.each<[string, Partial<VolumeSpec>, unknown, unknown]>([
    ['driver', { driver: 'nfs' }, 'nfs', 'local'],
    ['driver_opts.device', { driverOpts: { device: '/srv' } }, '/srv', null],
    ['labels.team', { labels: { team: 'shop' } }, 'shop', null],
  ])('reports %s with both values', (path, declared, desired, observed) => {
    expect(compareVolumeObjects({ ...volume, ...declared }, there)).toEqual([
      { path, desired, observed },
    ]);
  });

  it('takes what is as it was declared', () => {
    expect(compareVolumeObjects(volume, there)).toEqual([]);
  });
});
