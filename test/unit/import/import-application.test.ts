import { describe, expect, it } from 'vitest';

import type { FoundApplication } from '../../../src/import/found-application.ts';
import {
  composeProjects,
  foundContainer,
  foundProject,
} from '../../../src/import/found-application.ts';
import { importApplication } from '../../../src/import/import-application.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import { label } from '../../../src/model/labels.ts';
import type { ObservedContainer, ReachableHost } from '../../../src/model/observation.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { anInstance, aReachableHost, aService } from '../../support/builders.ts';
import { loadFiles } from '../../support/load-files.ts';

const compose = (service: string, number: number): Record<string, string> => ({
  [label.composeProject]: 'shop',
  [label.composeService]: service,
  [label.composeNumber]: String(number),
});

function aFound(
  service: string,
  number: number,
  facts: Partial<ContainerSpec> = {},
  labels: Record<string, string> = {},
): ObservedContainer {
  const all = { ...compose(service, number), ...labels };
  const { container } = anInstance(aService({ name: service, container: facts }), {
    slot: String(number),
  });
  const name = `shop_${service}_${number}`;
  const networks = facts.networks ?? [{ network: 'shop_default', aliases: [service] }];
  return { ...container, name, labels: all, spec: { ...container.spec, networks, labels: all } };
}

const host: ReachableHost = aReachableHost('host-1', {
  images: [
    {
      id: 'sha256:v1',
      tags: ['testapp:v1'],
      digests: ['testapp@sha256:1'],
      os: 'linux',
      architecture: 'amd64',
      defaults: noDefaults,
    },
  ],
  networks: [
    { name: 'shop_default', labels: compose('', 1) },
    { name: 'shop_back', labels: compose('', 1), internal: true },
    { name: 'shared', labels: {} },
  ].map((facts) => ({ id: facts.name, driver: 'bridge', internal: false, ...facts })),
});

function projectOf(...containers: readonly ObservedContainer[]): FoundApplication {
  const found = foundProject('shop', containers);
  if (found === null) throw new Error('there are containers');
  return found;
}

function written(...containers: readonly ObservedContainer[]): {
  readonly text: string;
  readonly warnings: readonly string[];
} {
  const { text, warnings } = importApplication(projectOf(...containers), host, 'host-1');
  const { diagnostics } = loadFiles({ 'shop/compose.yaml': text });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return { text, warnings };
}

describe('importApplication()', () => {
  it('writes a project as a person would', () => {
    const web: Partial<ContainerSpec> = {
      environment: { LEVEL: 'info', DB_PASSWORD: 'hunter2' },
      ports: [{ target: 80, protocol: 'tcp', hostIp: '127.0.0.1', published: '8080-8090' }],
      mounts: [
        { type: 'volume', source: 'shop_data', target: '/data', readOnly: false, noCopy: false },
      ],
      networks: [
        { network: 'shared', aliases: ['web', 'www'] },
        { network: 'shop_back', aliases: ['web'] },
      ],
      resources: {
        memoryBytes: 256 * 2 ** 20,
        memoryReservationBytes: null,
        nanoCpus: 500_000_000,
        pids: null,
      },
    };
    const depends = { 'com.docker.compose.depends_on': 'db:service_healthy:false,gone:x:false' };

    const { text, warnings } = written(
      aFound('web', 2, web, depends),
      aFound('web', 1, web, depends),
      aFound('db', 1),
    );

    expect(text)
      .toBe(`# Written by "fleetwright import" from Compose project "shop" on host "host-1".
name: shop
services:
  db:
    image: testapp:v1
    restart: unless-stopped
    deploy:
      placement:
        constraints:
          - node.hostname == host-1
  web:
    image: testapp:v1
    environment:
      DB_PASSWORD: hunter2
      LEVEL: info
    ports:
      - 127.0.0.1:8080-8090:80
    volumes:
      - shop_data:/data
    networks:
      shared:
        aliases:
          - www
      back: {}
    restart: unless-stopped
    depends_on:
      db:
        condition: service_healthy
    deploy:
      replicas: 2
      placement:
        constraints:
          - node.hostname == host-1
      resources:
        limits:
          cpus: "0.5"
          memory: 256M
networks:
  shared:
    external: true
  back:
    internal: true
volumes:
  shop_data:
    external: true
x-fleetwright:
  adopt:
    composeProject: shop
    host: host-1
`);
    expect(warnings).toEqual([
      'service "web": these variables look like secrets, and would be in Git: DB_PASSWORD',
    ]);
  });

  it('names a single container', () => {
    const container = { ...aFound('x', 1), name: 'My Proxy.1', labels: {} };
    const found = foundContainer(container);

    const { name, text } = importApplication(found, host, null);

    expect(name).toBe('my-proxy-1');
    expect(text).toContain('  adopt:\n    containers:\n      My-Proxy.1:\n        - My Proxy.1\n');
    expect(text).not.toContain('constraints');
  });

  it.each<[string, Partial<ContainerSpec>, string]>([
    ['an image that is gone', { image: 'testapp:v9' }, 'not on the host any more'],
    ['no restart policy', { restart: { name: 'no', maximumRetryCount: 0 } }, 'not started again'],
    ['a seccomp profile', { securityOpt: ['seccomp={"a":1}'] }, 'seccomp profile is left out'],
    ['the network of another container', { shares: { network: 'abc' } }, 'it is left out'],
    [
      'the mounts of another container',
      { shares: { volumes: [{ from: 'abc', readOnly: false }] } },
      'it is left out',
    ],
  ])('warns of %s', (_name, facts, message) => {
    const { warnings } = written(aFound('web', 1, facts), aFound('db', 1));

    expect(warnings).toEqual([expect.stringContaining(message)]);
  });

  it('leaves out MAC addresses, which the engine gives to everything', () => {
    const macAddress = '02:42:0a:80:01:04';
    const networks = [{ network: 'front', aliases: ['web', 'www'], macAddress }];

    const { text } = written(aFound('web', 1, { networks }));

    expect(text).toContain('www');
    expect(text).not.toContain(macAddress);
  });

  it('warns of an image that no registry has', () => {
    const [image] = host.images;
    if (image === undefined) throw new Error('there is an image');
    const local = { ...host, images: [{ ...image, digests: [] }] };

    const { warnings } = importApplication(projectOf(aFound('web', 1)), local, null);

    expect(warnings).toEqual([expect.stringContaining('never in a registry')]);
  });
});

describe('composeProjects()', () => {
  it('lists what is no fleet of anybody', () => {
    const ours = { ...aFound('web', 1), labels: { ...compose('web', 1), [label.fleet]: 'other' } };

    expect(composeProjects([aFound('web', 1), { labels: {} }])).toEqual(['shop']);
    expect(composeProjects([ours])).toEqual([]);
    expect(foundProject('shop', [ours])).toBeNull();
  });
});
