import { describe, expect, it } from 'vitest';

import type { ServiceSpec } from '../../../src/model/application.ts';
import { hashBySchema1 } from '../../../src/model/older-hashes.ts';
import { originAt } from '../../../src/model/origin.ts';
import { formatProblem, loadFiles, loadWeb } from '../../support/load-files.ts';

const file = 'shop/compose.yaml';

function complaints(lines: readonly string[], after = ''): readonly string[] {
  const own = lines.map((line) => `    ${line}\n`).join('');
  const manifest = `services:\n  web:\n    image: nginx\n${own}${after}`;
  return loadFiles({ [file]: manifest })
    .diagnostics.filter(({ severity }) => severity !== 'note')
    .map(formatProblem)
    .map((text) => text.replace(`${file}:`, ''));
}

describe('a value that Docker could not use is refused where it stands:', () => {
  it.each([
    {
      name: 'a name server by name',
      lines: ['dns: [dns.example.com]'],
      expected: '4:10 invalid-value: "dns.example.com" is not an IP address: a name server is',
    },
    {
      name: 'a host without an address',
      lines: ['extra_hosts: [db]'],
      expected:
        '4:19 invalid-value: "=db" is not a host: expected name=address, such as db=10.0.0.7',
    },
    {
      name: 'a device that is no path',
      lines: ['devices: [null]'],
      expected: '4:15 wrong-type: "devices.0" must be string or mapping, got null',
    },
    {
      name: 'a device with too many parts',
      lines: ['devices: ["/dev/a:/dev/b:r:x"]'],
      expected:
        '4:15 invalid-value: "/dev/a:/dev/b:r:x" is not a device: expected host path[:container path[:permissions]], such as /dev/fuse or /dev/sda:/dev/xvda:r',
    },
    {
      name: 'a soft limit above the hard one',
      lines: ['ulimits: { nofile: { soft: 9, hard: 8 } }'],
      expected: '4:24 invalid-value: the soft limit "nofile" is above the hard one',
    },
    {
      name: 'a weight out of bounds',
      lines: ['blkio_config: { weight: 5 }'],
      expected: '4:29 invalid-value: "5" is not a whole number: expected 10 to 1000',
    },
    {
      name: 'a set of CPUs that is none',
      lines: ['cpuset: 2-1'],
      expected:
        '4:13 invalid-value: "2-1" is not a set of CPUs: expected numbers and ranges, such as 0-2,4',
    },
    {
      name: 'a limit that is said twice and differs',
      lines: ['mem_limit: 64m', 'deploy: { resources: { limits: { memory: 65m } } }'],
      expected:
        '4:16 conflicting-keys: "mem_limit" and "deploy.resources.limits.memory" (shop/compose.yaml:5:46) say different things',
    },
    {
      name: 'CPUs and a quota',
      lines: ['cpus: 1', 'cpu_quota: 50000'],
      expected:
        '5:5 conflicting-keys: a service cannot have both "cpus" and "cpu_quota": the engine takes one of them',
    },
    {
      name: 'a period without a quota',
      lines: ['cpu_period: 50000'],
      expected: '4:5 missing-key: "cpu_period" needs "cpu_quota"',
    },
    {
      name: 'swap without memory',
      lines: ['memswap_limit: 64m'],
      expected: '4:5 missing-key: "memswap_limit" needs a limit of memory',
    },
    {
      name: 'swap below the memory',
      lines: ['mem_limit: 64m', 'memswap_limit: 32m'],
      expected: '5:20 invalid-value: "memswap_limit" is memory and swap: it cannot be less',
    },
    {
      name: 'a namespace of another container',
      lines: ['network_mode: container:db'],
      expected:
        '4:19 unsupported-value: "network_mode: container:db" is not supported: nothing tells when a container that is not of this application is replaced',
    },
    {
      name: 'a namespace that is none',
      lines: ['ipc: shared'],
      expected: '4:10 invalid-value: "ipc" must be host, none, private, shareable, got "shared"',
    },
    {
      name: 'a network mode and networks',
      lines: ['network_mode: host', 'networks: [default]'],
      expected:
        '5:5 conflicting-keys: a service cannot have both "networks" and "network_mode: host"',
    },
    {
      name: 'ports in the network of the host',
      lines: ['network_mode: host', 'ports: ["80"]'],
      expected:
        '5:5 conflicting-keys: a service with network_mode: host cannot have "ports": the engine publishes no port of it',
    },
    {
      name: 'a device without capabilities',
      lines: ['deploy: { resources: { reservations: { devices: [{ count: 1 }] } } }'],
      expected: '4:54 missing-key: a device must have the key "capabilities"',
    },
    {
      name: 'a number of devices beside their ids',
      lines: ['gpus: [{ count: 1, device_ids: ["0"] }]'],
      expected: '4:24 conflicting-keys: a device request cannot have both "count" and "device_ids"',
    },
    {
      name: 'an address of the other family',
      lines: ['networks: { default: { ipv4_address: "fd00::1" } }'],
      expected: '4:42 invalid-value: "fd00::1" is not an IPv4 address',
    },
    {
      name: 'a MAC address that is none',
      lines: ['mac_address: 02:42'],
      expected: '4:18 invalid-value: "02:42" is not a MAC address',
    },
    {
      name: 'a folder in memory that is mounted already',
      lines: ['tmpfs: /run', 'volumes: [/run/]'],
      expected: '5:15 duplicate-target: "/run" is already mounted at shop/compose.yaml:4:12',
    },
    {
      name: 'a rule for devices that is none',
      lines: ['device_cgroup_rules: [all]'],
      expected:
        '4:27 invalid-value: "all" is not a rule for devices: expected TYPE MAJOR:MINOR MODE, such as "c 1:3 mr"',
    },
    {
      name: 'a pull policy that goes by time',
      lines: ['pull_policy: daily'],
      expected:
        '4:18 unsupported-value: the pull policy "daily" is not supported: an image is pulled for a version, and not at a time',
    },
    {
      name: 'a pull policy that builds',
      lines: ['pull_policy: build'],
      expected:
        '4:18 unsupported-value: the pull policy "build" is not supported: images are not built on the way to a host',
    },
    {
      name: 'a platform that is none',
      lines: ['platform: arm64'],
      expected:
        '4:15 invalid-value: "arm64" is not a platform: expected linux/ARCHITECTURE, such as linux/arm64',
    },
    {
      name: 'a seccomp profile that is not there',
      lines: ['security_opt: ["seccomp:profile.json"]'],
      expected:
        '4:20 file-not-found: Cannot read seccomp profile "shop/profile.json": there is no such file in the commit',
    },
  ])('$name', ({ lines, expected }) => {
    expect(complaints(lines)).toEqual([expected]);
  });
});

describe('one meaning has one form:', () => {
  it.each([
    { name: 'a quota of the usual period', one: ['cpu_quota: 50000'], other: ['cpus: 0.5'] },
    {
      name: 'older keys of limits',
      one: ['mem_limit: 64m', 'mem_reservation: 32m', 'pids_limit: 9', 'cpus: "1"'],
      other: [
        'deploy: { resources: { limits: { memory: 64m, pids: 9, cpus: 1 }, reservations: { memory: 32m } } }',
      ],
    },
    {
      name: 'twice the memory',
      one: ['mem_limit: 1g', 'memswap_limit: 2g'],
      other: ['mem_limit: 1g'],
    },
    { name: 'a set of CPUs', one: ['cpuset: 0-2'], other: ['cpuset: "2,1,0"'] },
    { name: 'a list of one', one: ['dns: 10.0.0.1'], other: ['dns: [10.0.0.1]'] },
    {
      name: 'a map of hosts',
      one: ['extra_hosts: { a: 10.0.0.1, b: [10.0.0.2, "::1"] }'],
      other: ['extra_hosts: ["b:10.0.0.2", "b=::1", "a=10.0.0.1"]'],
    },
    {
      name: 'zero, false and empty',
      one: ['cpu_shares: 0', 'privileged: false', 'dns: []', 'shm_size: 0', 'oom_score_adj: 0'],
      other: [],
    },
    {
      name: 'one number for both limits',
      one: ['ulimits: { nproc: 9 }'],
      other: ['ulimits: { nproc: { soft: 9, hard: 9 } }'],
    },
    {
      name: 'all GPUs',
      one: ['gpus: all'],
      other: [
        'deploy: { resources: { reservations: { devices: [{ count: all, capabilities: [gpu] }] } } }',
      ],
    },
  ])('$name', ({ one, other }) => {
    expect(loadWeb(one).container).toEqual(loadWeb(other).container);
    expect(loadWeb(one).hash).toBe(loadWeb(other).hash);
  });
});

it('a profile of seccomp is sent as its content, without what means nothing', () => {
  const others = { 'shop/profile.json': '{ "defaultAction":\n "SCMP_ACT_ALLOW" }' };

  const { container } = loadWeb(['security_opt: ["seccomp:profile.json"]'], '', others);

  expect(container.securityOpt).toEqual(['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']);
});

it('a platform is a constraint on the hosts', () => {
  const { constraints } = loadWeb(['platform: linux/aarch64/v8']);

  expect(constraints.map(({ key, value }) => [key, value])).toEqual([
    ['node.platform.os', 'linux'],
    ['node.platform.arch', 'arm64'],
  ]);
});

it('a limit stands where its older key does', () => {
  const { origins } = loadWeb(['mem_limit: 64m']);

  expect(originAt(origins, 'deploy.resources.limits.memory')).toMatchObject({
    line: 4,
    column: 16,
  });
});

function schema1({ container, gate }: ServiceSpec): string {
  return hashBySchema1(container, gate);
}

describe('the hash of a service', () => {
  it.each([
    { name: 'shares of CPUs', one: 'cpu_shares: 256', other: 'cpu_shares: 512' },
    { name: 'a set of CPUs', one: 'cpuset: "0"', other: 'cpuset: "1"' },
    {
      name: 'a weight',
      one: 'blkio_config: { weight: 20 }',
      other: 'blkio_config: { weight: 30 }',
    },
  ])('stays when $name changes, and does not when it is set or removed', ({ one, other }) => {
    expect(loadWeb([one]).hash).toBe(loadWeb([other]).hash);
    expect(loadWeb([one]).hash).not.toBe(loadWeb().hash);
  });

  // These stand on containers out there, as in test/unit/model/hash.test.ts.
  it('of a manifest that sets none of the later keys is by schema 1 what it was before them', () => {
    const lines = [
      'deploy: { resources: { limits: { memory: 64m, cpus: 0.5, pids: 9 } } }',
      'cap_drop: [ALL]',
      'security_opt: ["no-new-privileges:true"]',
      'volumes: [data:/data]',
      'networks: { default: { aliases: [www] } }',
      'healthcheck: { test: x, interval: 2s }',
      'init: true',
      'read_only: true',
    ];

    expect(schema1(loadWeb())).toBe(
      'ab6bbfd784fd7d50a98ebf5d3446d08aa7862ad1d8cce9c4c3c0515d95f50e88',
    );
    expect(schema1(loadWeb(lines, 'volumes: { data: }\n'))).toBe(
      '8bf988a17e5e45110b4f1f959935cb99a14de48d6d1e40d275e0d37f74262d3a',
    );
  });
});

it('a namespace of another service that Docker cannot share is refused', () => {
  expect(complaints(['uts: service:db'], '  db: { image: nginx }\n')).toEqual([
    '4:10 unsupported-value: "uts: service:db" is not supported: the engine does not let containers share that',
  ]);
});

describe('links to containers of others', () => {
  it('are of the network that the container is made in, each once', () => {
    const lines = [
      'external_links: ["legacy:db", mysql, "legacy:db"]',
      'networks: { back: { priority: 5 }, default: }',
    ];

    expect(loadWeb(lines, 'networks: { back: }\n').container.networks).toMatchObject([
      { network: 'shop_back', links: ['legacy:db', 'mysql:mysql'] },
      { network: 'shop_default', aliases: ['web'] },
    ]);
  });

  it.each([
    [
      ['external_links: ["a b:db"]'],
      '4:22 invalid-value: "external_links" must be CONTAINER or CONTAINER:ALIAS, got "a b:db"',
    ],
    [
      ['external_links: ["legacy:db:x"]'],
      '4:22 invalid-value: "external_links" must be CONTAINER or CONTAINER:ALIAS, got "legacy:db:x"',
    ],
    [
      ['external_links: [legacy]', 'network_mode: host'],
      '4:5 conflicting-keys: a service with network_mode: host cannot have "external_links": they are names in a network of its own',
    ],
  ])('refuse %j', (lines, expected) => {
    expect(complaints(lines)).toEqual([expect.stringContaining(expected)]);
  });
});

describe('mounts of other services', () => {
  it('are those of each, in the order written, to be written to unless it says not to', () => {
    const others = '  y: { image: nginx }\n  z: { image: nginx }\n';

    expect(loadWeb(['volumes_from: [z, "y:ro", "z:rw"]'], others).container.shares).toEqual({
      volumes: [
        { from: 'z', readOnly: false },
        { from: 'y', readOnly: true },
        { from: 'z', readOnly: false },
      ],
    });
  });

  it.each([
    [
      'container:db:ro',
      '4:20 unsupported-value: "volumes_from: container:db:ro" is not supported: nothing tells when a container that is not of this application is replaced',
    ],
    [
      'db:z',
      '4:20 invalid-value: "volumes_from" must be SERVICE, SERVICE:ro or SERVICE:rw, got "db:z"',
    ],
    [
      'db:ro:rw',
      '4:20 invalid-value: "volumes_from" must be SERVICE, SERVICE:ro or SERVICE:rw, got "db:ro:rw"',
    ],
  ])('refuse %s', (item, expected) => {
    expect(complaints([`volumes_from: ["${item}"]`], '  db: { image: nginx }\n')).toEqual([
      expected,
    ]);
  });

  it('refuse what is not defined', () => {
    expect(complaints(['volumes_from: [db]'])).toEqual([
      '4:20 undefined-service: service "web" depends on service "db", which is not defined',
    ]);
  });
});

describe('the number of instances and their name', () => {
  it.each([
    ['scale', ['scale: 3'], 3],
    ['scale of 0', ['scale: 0'], 0],
    ['deploy.replicas beside it', ['scale: 2', 'deploy: { replicas: 2 }'], 2],
    ['nothing', [], 1],
  ])('is said by %s', (_name, lines, replicas) => {
    expect(loadWeb(lines).replicas).toBe(replicas);
  });

  it('stands where scale does', () => {
    expect(originAt(loadWeb(['scale: 3']).origins, 'deploy.replicas')).toMatchObject({ line: 4 });
  });

  it.each(['deploy: { replicas: 100000000 }', 'scale: 100000000'])(
    'is no more than a fleet can hold: %s',
    (line) => {
      expect(() => loadWeb([line])).toThrow('must be at most 100000, got 100000000');
    },
  );

  it.each([
    ['a name', ['container_name: shop-front'], 'shop-front'],
    ['an empty one', ['container_name: ""'], undefined],
    ['none', [], undefined],
  ])('is for the container %s', (_name, lines, containerName) => {
    expect(loadWeb(lines).containerName).toBe(containerName);
  });

  it.each([
    [
      ['scale: 2', 'deploy: { mode: global }'],
      '4:5 conflicting-keys: a global service cannot have "scale": it has one instance per eligible host',
    ],
    [
      ['container_name: "my name"'],
      '4:21 invalid-value: "container_name" must be at least two letters, digits, ".", "_" or "-", starting with a letter or digit, got "my name"',
    ],
    [
      ['scale: 2', 'x-fleetwright: { singleton: true }'],
      '4:12 conflicting-keys: a singleton cannot have 2 replicas',
    ],
  ])('refuses %j', (lines, expected) => {
    expect(complaints(lines)).toEqual([expect.stringContaining(expected)]);
  });
});
