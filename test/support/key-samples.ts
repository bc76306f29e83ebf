/**
 * For each key of a service that ends up in a container: a service that sets it, in the lines of a manifest, and what
 * the engine is sent for it. Paths of keys are those of the schema.
 */
export interface KeySample {
  readonly key: string;
  readonly lines: readonly string[];
  /** The top-level part of the manifest that the lines need. */
  readonly after?: string;
  /** Part of the body of the create. */
  readonly body: object;
  /** The lowest Engine API that has it; absent: any that we speak. */
  readonly since?: string;
}

const config = (fields: object): object => fields;
const host = (fields: object): object => ({ HostConfig: fields });
const endpoint = (fields: object): object => ({
  NetworkingConfig: { EndpointsConfig: { shop_default: fields } },
});
const reservation = (device: string): readonly string[] => [
  `deploy: { resources: { reservations: { devices: [${device}] } } }`,
];
const attachment = (fields: string): readonly string[] => [`networks: { default: { ${fields} } }`];

export const keySamples: readonly KeySample[] = [
  {
    key: 'annotations',
    lines: ['annotations: [org.example.a=1]'],
    body: host({ Annotations: { 'org.example.a': '1' } }),
    since: '1.43',
  },
  {
    key: 'blkio_config',
    lines: [
      'blkio_config:',
      '  weight: 300',
      '  weight_device: [{ path: /dev/sdb, weight: 200 }, { path: /dev/sda, weight: 400 }]',
      '  device_read_bps: [{ path: /dev/sda, rate: 12mb }]',
      '  device_write_bps: [{ path: /dev/sda, rate: 1048576 }]',
      '  device_read_iops: [{ path: /dev/sda, rate: 120 }]',
      '  device_write_iops: [{ path: /dev/sda, rate: 30 }]',
    ],
    body: host({
      BlkioWeight: 300,
      BlkioWeightDevice: [
        { Path: '/dev/sda', Weight: 400 },
        { Path: '/dev/sdb', Weight: 200 },
      ],
      BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 12_582_912 }],
      BlkioDeviceWriteBps: [{ Path: '/dev/sda', Rate: 1_048_576 }],
      BlkioDeviceReadIOps: [{ Path: '/dev/sda', Rate: 120 }],
      BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 30 }],
    }),
  },
  { key: 'cap_add', lines: ['cap_add: [net_admin]'], body: host({ CapAdd: ['CAP_NET_ADMIN'] }) },
  { key: 'cap_drop', lines: ['cap_drop: [ALL]'], body: host({ CapDrop: ['ALL'] }) },
  { key: 'cgroup', lines: ['cgroup: private'], body: host({ CgroupnsMode: 'private' }) },
  { key: 'cgroup_parent', lines: ['cgroup_parent: m'], body: host({ CgroupParent: 'm' }) },
  { key: 'command', lines: ['command: serve --fast'], body: config({ Cmd: ['serve', '--fast'] }) },
  {
    key: 'configs',
    lines: ['configs: [conf]'],
    after: 'configs: { conf: { content: hello } }\n',
    body: {},
  },
  {
    key: 'cpu_period',
    lines: ['cpu_quota: 25000', 'cpu_period: 50000'],
    body: host({ CpuPeriod: 50_000, CpuQuota: 25_000 }),
  },
  { key: 'cpu_quota', lines: ['cpu_quota: 50000'], body: host({ NanoCpus: 500_000_000 }) },
  {
    key: 'cpu_rt_period',
    lines: ['cpu_rt_period: 10ms'],
    body: host({ CpuRealtimePeriod: 10_000 }),
  },
  {
    key: 'cpu_rt_runtime',
    lines: ['cpu_rt_runtime: 950'],
    body: host({ CpuRealtimeRuntime: 950 }),
  },
  { key: 'cpu_shares', lines: ['cpu_shares: "512"'], body: host({ CpuShares: 512 }) },
  { key: 'cpus', lines: ['cpus: 0.25'], body: host({ NanoCpus: 250_000_000 }) },
  { key: 'cpuset', lines: ['cpuset: "1,0"'], body: host({ CpusetCpus: '0-1' }) },
  {
    key: 'device_cgroup_rules',
    lines: ['device_cgroup_rules: ["c 1:3 mr"]'],
    body: host({ DeviceCgroupRules: ['c 1:3 mr'] }),
  },
  {
    key: 'devices',
    lines: ['devices: [/dev/null:/dev/b:r, { source: /dev/zero, target: /dev/a }, acme.org/x=0]'],
    body: host({
      Devices: [
        { PathOnHost: '/dev/zero', PathInContainer: '/dev/a', CgroupPermissions: 'rwm' },
        { PathOnHost: '/dev/null', PathInContainer: '/dev/b', CgroupPermissions: 'r' },
      ],
      DeviceRequests: [
        { Driver: 'cdi', Count: 0, DeviceIDs: ['acme.org/x=0'], Capabilities: [], Options: {} },
      ],
    }),
  },
  { key: 'dns', lines: ['dns: 10.0.0.53'], body: host({ Dns: ['10.0.0.53'] }) },
  { key: 'dns_opt', lines: ['dns_opt: [ndots:1]'], body: host({ DnsOptions: ['ndots:1'] }) },
  { key: 'dns_search', lines: ['dns_search: [a, b]'], body: host({ DnsSearch: ['a', 'b'] }) },
  { key: 'domainname', lines: ['domainname: x.org'], body: config({ Domainname: 'x.org' }) },
  { key: 'entrypoint', lines: ['entrypoint: [/init]'], body: config({ Entrypoint: ['/init'] }) },
  {
    key: 'env_file',
    lines: ['env_file: []', 'environment: [A=1]'],
    body: config({ Env: ['A=1'] }),
  },
  {
    key: 'label_file',
    lines: ['label_file: []', 'labels: [a=1]'],
    body: config({ Labels: { a: '1' } }),
  },
  { key: 'environment', lines: ['environment: { A: 1 }'], body: config({ Env: ['A=1'] }) },
  {
    key: 'expose',
    lines: ['expose: ["8000-8001"]'],
    body: config({ ExposedPorts: { '8000/tcp': {}, '8001/tcp': {} } }),
  },
  {
    key: 'external_links',
    lines: ['external_links: [mysql, "legacy_db_1:db"]'],
    body: endpoint({ Aliases: ['web'], Links: ['legacy_db_1:db', 'mysql:mysql'] }),
  },
  {
    key: 'external_links',
    lines: ['network_mode: bridge', 'external_links: ["legacy:db"]'],
    body: host({ NetworkMode: 'bridge', Links: ['legacy:db'] }),
  },
  {
    key: 'extra_hosts',
    lines: ['extra_hosts: ["b=[::1]", "a:10.0.0.7", "gate=host-gateway"]'],
    body: host({ ExtraHosts: ['a:10.0.0.7', 'b:::1', 'gate:host-gateway'] }),
  },
  {
    key: 'gpus',
    lines: ['gpus: all'],
    body: host({
      DeviceRequests: [
        { Driver: '', Count: -1, DeviceIDs: [], Capabilities: [['gpu']], Options: {} },
      ],
    }),
  },
  { key: 'group_add', lines: ['group_add: [mail, 20]'], body: host({ GroupAdd: ['20', 'mail'] }) },
  {
    key: 'healthcheck',
    lines: ['healthcheck: { test: ready, interval: 2s, retries: 2 }'],
    body: config({
      Healthcheck: { Test: ['CMD-SHELL', 'ready'], Interval: 2_000_000_000, Retries: 2 },
    }),
  },
  {
    key: 'healthcheck.start_interval',
    lines: ['healthcheck: { test: x, start_period: 9s, start_interval: 1s }'],
    body: config({ Healthcheck: { StartInterval: 1_000_000_000 } }),
    since: '1.44',
  },
  { key: 'hostname', lines: ['hostname: web'], body: config({ Hostname: 'web' }) },
  { key: 'image', lines: [], body: config({ Image: 'nginx' }) },
  { key: 'init', lines: ['init: true'], body: host({ Init: true }) },
  { key: 'ipc', lines: ['ipc: host'], body: host({ IpcMode: 'host' }) },
  { key: 'labels', lines: ['labels: [a=b]'], body: config({ Labels: { a: 'b' } }) },
  {
    key: 'logging',
    lines: ['logging: { driver: json-file, options: { max-size: 10m, max-file: 3 } }'],
    body: host({
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    }),
  },
  {
    key: 'mac_address',
    lines: ['mac_address: 02-42-AC-11-65-43'],
    body: endpoint({ MacAddress: '02:42:ac:11:65:43' }),
    since: '1.44',
  },
  { key: 'mem_limit', lines: ['mem_limit: 64m'], body: host({ Memory: 67_108_864 }) },
  {
    key: 'mem_reservation',
    lines: ['mem_reservation: 32m'],
    body: host({ MemoryReservation: 33_554_432 }),
  },
  { key: 'mem_swappiness', lines: ['mem_swappiness: 10'], body: host({ MemorySwappiness: 10 }) },
  {
    key: 'memswap_limit',
    lines: ['mem_limit: 64m', 'memswap_limit: -1'],
    body: host({ Memory: 67_108_864, MemorySwap: -1 }),
  },
  { key: 'network_mode', lines: ['network_mode: host'], body: host({ NetworkMode: 'host' }) },
  {
    key: 'network_mode',
    lines: ['network_mode: "service:web2"', 'ipc: "service:web2"', 'pid: "service:web2"'],
    after: '  web2: { image: nginx }\n',
    body: host({
      NetworkMode: 'container:web2',
      IpcMode: 'container:web2',
      PidMode: 'container:web2',
    }),
  },
  {
    key: 'networks',
    lines: ['networks: { default: { aliases: [www] } }'],
    body: endpoint({ Aliases: ['web', 'www'] }),
  },
  {
    key: 'networks.ipv4_address',
    lines: attachment('ipv4_address: 10.9.0.7'),
    body: endpoint({ IPAMConfig: { IPv4Address: '10.9.0.7' } }),
  },
  {
    key: 'networks.ipv6_address',
    lines: attachment('ipv6_address: "fd00::7"'),
    body: endpoint({ IPAMConfig: { IPv6Address: 'fd00::7' } }),
  },
  {
    key: 'networks.link_local_ips',
    lines: attachment('link_local_ips: [169.254.8.8]'),
    body: endpoint({ IPAMConfig: { LinkLocalIPs: ['169.254.8.8'] } }),
  },
  {
    key: 'networks.driver_opts',
    lines: attachment('driver_opts: { a.b: 1 }'),
    body: endpoint({ DriverOpts: { 'a.b': '1' } }),
  },
  {
    key: 'networks.gw_priority',
    lines: attachment('gw_priority: 5'),
    body: endpoint({ GwPriority: 5 }),
    since: '1.48',
  },
  {
    key: 'networks.interface_name',
    lines: attachment('interface_name: lan0'),
    body: endpoint({ DriverOpts: { 'com.docker.network.endpoint.ifname': 'lan0' } }),
    since: '1.49',
  },
  {
    key: 'networks.mac_address',
    lines: attachment('mac_address: 02:42:ac:11:65:44'),
    body: endpoint({ MacAddress: '02:42:ac:11:65:44' }),
    since: '1.44',
  },
  {
    key: 'networks.priority',
    lines: ['networks: { a: , b: { priority: 9 } }'],
    after: 'networks: { a: , b: }\n',
    body: host({ NetworkMode: 'shop_b' }),
  },
  {
    key: 'oom_kill_disable',
    lines: ['oom_kill_disable: yes'],
    body: host({ OomKillDisable: true }),
  },
  { key: 'oom_score_adj', lines: ['oom_score_adj: -500'], body: host({ OomScoreAdj: -500 }) },
  { key: 'pid', lines: ['pid: host'], body: host({ PidMode: 'host' }) },
  { key: 'pids_limit', lines: ['pids_limit: 64'], body: host({ PidsLimit: 64 }) },
  {
    key: 'ports',
    lines: ['ports: ["8080:80"]'],
    body: host({ PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } }),
  },
  { key: 'privileged', lines: ['privileged: true'], body: host({ Privileged: true }) },
  { key: 'read_only', lines: ['read_only: true'], body: host({ ReadonlyRootfs: true }) },
  { key: 'runtime', lines: ['runtime: crun'], body: host({ Runtime: 'crun' }) },
  {
    key: 'secrets',
    lines: ['secrets: [token]'],
    after: 'secrets: { token: { content: hidden } }\n',
    body: {},
  },
  {
    key: 'security_opt',
    lines: ['security_opt: ["no-new-privileges:true", systempaths=unconfined]'],
    body: host({ SecurityOpt: ['no-new-privileges'], MaskedPaths: [], ReadonlyPaths: [] }),
  },
  { key: 'shm_size', lines: ['shm_size: 128m'], body: host({ ShmSize: 134_217_728 }) },
  { key: 'stdin_open', lines: ['stdin_open: true'], body: config({ OpenStdin: true }) },
  {
    key: 'stop_grace_period',
    lines: ['stop_grace_period: 1s500ms'],
    body: config({ StopTimeout: 2 }),
  },
  { key: 'stop_signal', lines: ['stop_signal: SIGINT'], body: config({ StopSignal: 'SIGINT' }) },
  {
    key: 'storage_opt',
    lines: ['storage_opt: { size: 1G }'],
    body: host({ StorageOpt: { size: '1G' } }),
  },
  {
    key: 'sysctls',
    lines: ['sysctls: [net.core.somaxconn=1024]'],
    body: host({ Sysctls: { 'net.core.somaxconn': '1024' } }),
  },
  {
    key: 'tmpfs',
    lines: ['tmpfs: ["/run:size=1m,mode=755", /cache/]'],
    body: host({ Tmpfs: { '/run': 'size=1m,mode=755', '/cache': '' } }),
  },
  { key: 'tty', lines: ['tty: true'], body: config({ Tty: true }) },
  {
    key: 'ulimits',
    lines: ['ulimits: { nproc: 64, nofile: { soft: 1024, hard: 2048 }, core: -1 }'],
    body: host({
      Ulimits: [
        { Name: 'core', Soft: -1, Hard: -1 },
        { Name: 'nofile', Soft: 1_024, Hard: 2_048 },
        { Name: 'nproc', Soft: 64, Hard: 64 },
      ],
    }),
  },
  { key: 'user', lines: ['user: "1000:1000"'], body: config({ User: '1000:1000' }) },
  { key: 'userns_mode', lines: ['userns_mode: host'], body: host({ UsernsMode: 'host' }) },
  { key: 'uts', lines: ['uts: host'], body: host({ UTSMode: 'host' }) },
  {
    key: 'volumes',
    lines: ['volumes: [data:/data:ro]'],
    after: 'volumes: { data: }\n',
    body: host({
      Mounts: [{ Type: 'volume', Source: 'shop_data', Target: '/data', ReadOnly: true }],
    }),
  },
  {
    key: 'volumes.bind.recursive',
    lines: [
      'volumes: [{ type: bind, source: /a, target: /b, read_only: true, bind: { create_host_path: false, recursive: readonly } }]',
    ],
    body: host({ Mounts: [{ BindOptions: { ReadOnlyForceRecursive: true } }] }),
    since: '1.44',
  },
  {
    key: 'volumes.bind.selinux',
    lines: ['volumes: ["/a:/b:ro,Z"]'],
    body: host({ Binds: ['/a:/b:ro,Z'] }),
  },
  {
    key: 'volumes.volume.subpath',
    lines: ['volumes: [{ type: volume, source: data, target: /d, volume: { subpath: sub } }]'],
    after: 'volumes: { data: }\n',
    body: host({ Mounts: [{ VolumeOptions: { Subpath: 'sub' } }] }),
    since: '1.45',
  },
  {
    key: 'volumes.volume.labels',
    lines: ['volumes: [{ type: volume, target: /d, volume: { labels: [a=b] } }]'],
    body: host({ Mounts: [{ VolumeOptions: { Labels: { a: 'b' } } }] }),
  },
  {
    key: 'volumes.image',
    lines: ['volumes: [{ type: image, source: "assets:1", target: /d, image: { subpath: s } }]'],
    body: host({ Mounts: [{ Type: 'image', Source: 'assets:1', ImageOptions: { Subpath: 's' } }] }),
    since: '1.48',
  },
  {
    key: 'volumes_from',
    lines: ['volumes_from: [web2:ro, web3]'],
    after: '  web2: { image: nginx }\n  web3: { image: nginx }\n',
    body: host({ VolumesFrom: ['web2:ro', 'web3:rw'] }),
  },
  { key: 'working_dir', lines: ['working_dir: /srv/'], body: config({ WorkingDir: '/srv/' }) },
  {
    key: 'deploy.resources',
    lines: reservation(
      '{ driver: nvidia, count: 2, capabilities: [gpu, compute], options: { a: 1 } }',
    ),
    body: host({
      DeviceRequests: [
        {
          Driver: 'nvidia',
          Count: 2,
          DeviceIDs: [],
          Capabilities: [['compute', 'gpu']],
          Options: { a: '1' },
        },
      ],
    }),
  },
];
