import { describe, expect, it } from 'vitest';

import { validateUnmanaged } from '../../../src/generated/validators.js';
import { unmanagedHosts } from '../../../src/drift/unmanaged.ts';
import { toContainerId, toHostName, type HostName } from '../../../src/model/names.ts';
import type {
  HostObservation,
  ObservedContainer,
  ReachableHost,
} from '../../../src/model/observation.ts';
import { renderUnmanaged } from '../../../src/report/render-unmanaged.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { unmanagedDocument } from '../../../src/report/unmanaged-document.ts';
import {
  anApplication,
  anInstance,
  aService,
  anUnreachableHost,
  aReachableHost,
  aWorld,
} from '../../support/builders.ts';

const project = { 'com.docker.compose.project': 'old' };
const ours = { 'fleetwright.fleet': 'test' };
const origin = { file: 'a.yaml', line: 1, column: 1 };
const external = { external: true, driver: '', driverOpts: {}, labels: {}, origin };
const { desired } = aWorld([
  anApplication([], {
    networks: [{ ...external, name: 'shared', internal: false }],
    volumes: [{ ...external, name: 'given' }],
  }),
]);
const network = { id: '1', driver: 'bridge', internal: false, labels: {} };
const aContainer = (facts: Partial<ObservedContainer>): ObservedContainer =>
  anInstance(aService(), {}, facts).container;
const stranger = aContainer({ name: 'by-hand', labels: {} });
const taken = aContainer({ name: 'taken-on', id: toContainerId('adopted'), labels: {} });

const seen: ReachableHost = {
  ...aReachableHost('host-1'),
  containers: [aContainer({ name: 'of-ours', labels: { ...ours } }), stranger, taken],
  unmanaged: [
    {
      id: toContainerId('feed'),
      name: 'nginx',
      image: 'nginx:1',
      imageId: '',
      state: 'running',
      labels: project,
      networks: [],
      published: [{ target: 80, protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080 }],
    },
  ],
  networks: ['bridge', 'host', 'none', 'shared', 'left-over'].map((name) => ({ ...network, name })),
  volumes: [
    { name: 'data', driver: 'local', labels: project },
    { name: 'given', driver: 'local', labels: {} },
    { name: 'ours', driver: 'local', labels: { ...ours } },
    { name: 'f'.repeat(64), driver: 'local', labels: {} },
  ],
};
const observations = new Map<HostName, HostObservation>([
  [toHostName('host-1'), seen],
  [toHostName('host-2'), anUnreachableHost('host-2')],
]);
const hosts = unmanagedHosts(
  { ...desired, fleet: { ...desired.fleet, name: 'test' } },
  observations,
  new Set([toContainerId('adopted')]),
);
const document = unmanagedDocument({
  revision: desired.revision,
  hosts,
  observations: observations.values(),
  now: 0,
});

describe('what Git does not know', () => {
  it('is as its schema says', () => {
    expect(validateUnmanaged(document)).toBe(true);
  });

  it('is not what we made, took on or were given, nor what every engine has', () => {
    const [host] = hosts;

    expect(host?.containers.map(({ name }) => name)).toEqual(['by-hand', 'nginx']);
    expect(host?.networks.map(({ name }) => name)).toEqual(['left-over']);
    expect(host?.volumes.map(({ name }) => name)).toEqual(['data']);
    expect(hosts).toHaveLength(1);
  });

  it('is shown host by host', () => {
    expect(renderUnmanaged(document, plainStyle)).toMatchInlineSnapshot(`
      "Not in main@000000000000 "change"

      host-1
        container  by-hand    running  testapp:v1
        container  nginx      running  nginx:1 0.0.0.0:8080->80/tcp (Compose project old)
        network    left-over  bridge
        volume     data       local    (Compose project old)

      ! host host-2 cannot be seen: nothing is known of it
      2 containers, 1 network, 1 volume on 1 host; they are never touched"
    `);
  });

  it('is said to be nothing where there is nothing', () => {
    const empty = document.hosts.map((host) => ({
      ...host,
      containers: [],
      networks: [],
      volumes: [],
    }));
    const text = renderUnmanaged({ ...document, hosts: empty, unreachableHosts: [] }, plainStyle);

    expect(text.split('\n').slice(2)).toEqual(['nothing else is on 1 host']);
  });
});
