import { describe, expect, it } from 'vitest';

import type { Hosts } from '../../../src/generated/hosts.ts';
import { validateHosts } from '../../../src/generated/validators.js';
import type { HostSpec } from '../../../src/model/fleet.ts';
import type { HostName } from '../../../src/model/names.ts';
import { toHostName } from '../../../src/model/names.ts';
import type { HostObservation } from '../../../src/model/observation.ts';
import { hostsDocument } from '../../../src/report/hosts-document.ts';
import { renderHosts } from '../../../src/report/render-hosts.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { decide } from '../../../src/rollout/decide.ts';
import {
  aHost,
  anApplication,
  anUnreachableHost,
  aReachableHost,
  aService,
  aWorld,
} from '../../support/builders.ts';

const gib = 2 ** 30;

const specs = [
  aHost('host-1', {
    labels: { zone: 'a', disk: 'ssd' },
    capacity: { nanoCpus: 4e9, memoryBytes: 8 * gib },
    reserve: { nanoCpus: 5e8 },
  }),
  aHost('host-2'),
  aHost('host-3'),
];

const resources = {
  memoryBytes: null,
  memoryReservationBytes: gib / 4,
  nanoCpus: null,
  pids: null,
};

const application = anApplication([
  aService({ replicas: 2, maxPerHost: 1, reservedNanoCpus: 1.25e9, container: { resources } }),
  aService({ name: 'setup', job: { when: 'before' }, reservedNanoCpus: 1e9 }),
]);

function documentOf(hosts: readonly HostSpec[] = specs): Hosts {
  const world = aWorld([application]);
  const { desired } = world;
  const seen = {
    ...world,
    desired: { ...desired, fleet: { ...desired.fleet, hosts } },
    observations: new Map<HostName, HostObservation>([
      [toHostName('host-1'), aReachableHost('host-1')],
      [toHostName('host-2'), aReachableHost('host-2')],
      [toHostName('host-3'), anUnreachableHost('host-3')],
    ]),
  };
  const { revision } = desired;
  const { applications, placed } = decide(seen);
  const standings = placed.standing.hosts;
  return hostsDocument({ ...seen, revision, hosts, applications, standings });
}

describe('hostsDocument()', () => {
  const document = documentOf();

  it('is as its schema says', () => {
    expect(validateHosts(document)).toBe(true);
  });

  it('counts what is placed on a host, without jobs, and what it reserves', () => {
    const used = document.hosts.map(({ slots, reserved }) => ({ slots, ...reserved }));

    expect(used).toEqual([
      { slots: 1, cpus: 1.25, memory: gib / 4 },
      { slots: 1, cpus: 1.25, memory: gib / 4 },
      { slots: 0, cpus: 0, memory: 0 },
    ]);
  });

  it('has the capacity of fleet.yaml or else of the engine', () => {
    expect(document.hosts.map(({ capacity }) => capacity)).toEqual([
      { cpus: 4, memory: 8 * gib },
      { cpus: 2, memory: gib },
      null,
    ]);
    const said = { nanoCpus: 1e9, memoryBytes: gib };
    expect(documentOf([aHost('host-3', { capacity: said })]).hosts[0]?.capacity).toEqual({
      cpus: 1,
      memory: gib,
    });
  });

  it('says since when a host cannot be seen, and why', () => {
    expect(document.hosts[2]).toMatchObject({
      state: 'lost',
      since: '1970-01-01T00:00:00Z',
      reason: 'no answer',
      engine: '',
    });
  });

  it('says what a host takes', () => {
    const hosts = [aHost('host-1', { drain: true }), aHost('host-2', { cordon: true })];

    expect(documentOf(hosts).hosts.map(({ use }) => use)).toEqual(['draining', 'cordoned']);
    expect(renderHosts(documentOf(hosts), plainStyle)).toContain('host-1  ready, draining');
  });
});

describe('renderHosts()', () => {
  it('shows a host on a line', () => {
    expect(renderHosts(documentOf(), plainStyle)).toMatchInlineSnapshot(`
      "main@000000000000 "change"

      host-1  ready  Docker 20.10.24, API 1.41, linux/amd64  1 slot   1.25 of 3.5 CPUs, 256 MiB of 8 GiB reserved  disk=ssd zone=a
      host-2  ready  Docker 20.10.24, API 1.41, linux/amd64  1 slot   1.25 of 2 CPUs, 256 MiB of 1 GiB reserved
      host-3  lost   since 1970-01-01T00:00:00Z: no answer   0 slots  0 CPUs, 0 B reserved"
    `);
  });
});
