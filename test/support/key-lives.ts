import { extensionLives } from './extension-lives.ts';

/**
 * For each key of the schema that is honoured: a service that sets it, and the same service after a commit. What the
 * change does is for the schema to say (`x-change`).
 */
export interface KeyLife {
  /** Path of the key in the schema: `networks`, `deploy.resources`; or of a part of it that not every engine has. */
  readonly key: string;
  /** Lines of the service. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What the change of a part does, when that is not what one of the whole key does. */
  readonly change?: 'replace';
  /** The top-level part of the manifest that the lines need. */
  readonly top?: string;
  /** Files beside the manifest; `after` replaces some of them. */
  readonly files?: Readonly<Record<string, string>>;
  readonly filesAfter?: Readonly<Record<string, string>>;
  /** Not every machine can start it: it is made, and compared as it is then. */
  readonly isOnlyCreated?: true;
  /** The kernel may not know it; then the engine drops it, and it can be neither seen nor changed. */
  readonly isUnseen?: true;
  /** The lowest Engine API that has it, when that is newer than the oldest that we speak. */
  readonly since?: string;
  /** What the engines of the tests say to it; only who has the hardware can say more. */
  readonly refused?: RegExp;
}

export const keyLives: readonly KeyLife[] = [
  {
    key: 'annotations',
    before: ['annotations: [a=1]'],
    after: ['annotations: [a=2]'],
    since: '1.43',
  },
  {
    key: 'blkio_config',
    before: ['blkio_config: { device_read_bps: [{ path: /dev/null, rate: 1mb }] }'],
    after: ['blkio_config: { device_read_bps: [{ path: /dev/null, rate: 2mb }] }'],
    isOnlyCreated: true,
  },
  {
    key: 'blkio_config.weight',
    before: ['blkio_config: { weight: 300 }'],
    after: ['blkio_config: { weight: 400 }'],
    isOnlyCreated: true,
    isUnseen: true,
  },
  { key: 'cap_add', before: ['cap_add: [net_admin]'], after: ['cap_add: [SYS_TIME]'] },
  { key: 'cap_drop', before: ['cap_drop: [ALL]'], after: ['cap_drop: [CHOWN]'] },
  { key: 'cgroup', before: ['cgroup: private'], after: ['cgroup: host'] },
  { key: 'cgroup_parent', before: ['cgroup_parent: /fw-a'], after: ['cgroup_parent: /fw-b'] },
  {
    key: 'command',
    before: ['command: [--name, a]'],
    after: ['command: [--name, b]'],
    isOnlyCreated: true,
  },
  {
    key: 'configs',
    before: ['configs: [conf]'],
    after: ['configs: [conf]'],
    top: 'configs: { conf: { file: conf.txt } }\n',
    files: { 'shop/conf.txt': 'one' },
    filesAfter: { 'shop/conf.txt': 'two' },
  },
  {
    key: 'container_name',
    before: ['container_name: one'],
    after: ['container_name: other'],
  },
  {
    key: 'cpu_period',
    before: ['cpu_quota: 25000', 'cpu_period: 50000'],
    after: ['cpu_quota: 25000', 'cpu_period: 40000'],
  },
  { key: 'cpu_quota', before: ['cpu_quota: 50000'], after: ['cpu_quota: 40000'] },
  {
    key: 'cpu_rt_period',
    before: ['cpu_rt_period: 10ms'],
    after: ['cpu_rt_period: 20ms'],
    isOnlyCreated: true,
  },
  {
    key: 'cpu_rt_runtime',
    before: ['cpu_rt_runtime: 950'],
    after: ['cpu_rt_runtime: 900'],
    isOnlyCreated: true,
  },
  { key: 'cpu_shares', before: ['cpu_shares: 512'], after: ['cpu_shares: 256'] },
  { key: 'cpus', before: ['cpus: 0.5'], after: ['cpus: 1'] },
  { key: 'cpuset', before: ['cpuset: "0"'], after: ['cpuset: "0-1"'] },
  {
    key: 'depends_on',
    before: ['depends_on: { side: { condition: service_started } }'],
    after: ['depends_on: { side: { condition: service_healthy } }'],
    top: '  side:\n    image: testapp:v1\n',
  },
  {
    key: 'deploy.mode',
    before: ['deploy: { mode: global }'],
    after: ['deploy: { mode: replicated }'],
  },
  {
    key: 'deploy.placement',
    before: ['deploy: { placement: { constraints: [node.labels.a == b] } }'],
    after: [],
  },
  {
    key: 'deploy.replicas',
    before: ['deploy: { replicas: 1 }'],
    after: ['deploy: { replicas: 2 }'],
  },
  {
    key: 'deploy.resources',
    before: ['deploy: { resources: { limits: { memory: 64M } } }'],
    after: ['deploy: { resources: { limits: { memory: 96M } } }'],
  },
  {
    key: 'deploy.resources.reservations.cpus',
    before: ['deploy: { resources: { reservations: { cpus: "0.1" } } }'],
    after: ['deploy: { resources: { reservations: { cpus: "0.2" } } }'],
  },
  {
    key: 'deploy.resources.reservations.devices',
    before: ['deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }'],
    after: ['deploy: { resources: { reservations: { devices: [{ capabilities: [tpu] }] } } }'],
    isOnlyCreated: true,
  },
  {
    key: 'deploy.restart_policy',
    before: ['deploy: { restart_policy: { condition: on-failure } }'],
    after: ['deploy: { restart_policy: { condition: any } }'],
  },
  {
    key: 'deploy.rollback_config',
    before: ['deploy: { rollback_config: { parallelism: 1 } }'],
    after: ['deploy: { rollback_config: { parallelism: 2 } }'],
  },
  {
    key: 'deploy.update_config',
    before: ['deploy: { update_config: { parallelism: 1 } }'],
    after: ['deploy: { update_config: { parallelism: 2 } }'],
  },
  {
    key: 'device_cgroup_rules',
    before: ['device_cgroup_rules: ["c 1:3 mr"]'],
    after: ['device_cgroup_rules: ["c 1:3 r"]'],
  },
  {
    key: 'devices',
    before: ['devices: [/dev/null:/dev/a:r]'],
    after: ['devices: [/dev/null:/dev/b:r]'],
  },
  { key: 'dns', before: ['dns: [10.0.0.53]'], after: ['dns: [10.0.0.54]'] },
  { key: 'dns_opt', before: ['dns_opt: [ndots:1]'], after: ['dns_opt: [ndots:2]'] },
  { key: 'dns_search', before: ['dns_search: [a]'], after: ['dns_search: [b]'] },
  { key: 'domainname', before: ['domainname: a.org'], after: ['domainname: b.org'] },
  {
    key: 'entrypoint',
    before: ['entrypoint: [/a]'],
    after: ['entrypoint: [/b]'],
    isOnlyCreated: true,
  },
  {
    key: 'env_file',
    before: ['env_file: web.env'],
    after: ['env_file: web.env'],
    files: { 'shop/web.env': 'A=1\n' },
    filesAfter: { 'shop/web.env': 'A=2\n' },
  },
  { key: 'environment', before: ['environment: { A: 1 }'], after: ['environment: { A: 2 }'] },
  { key: 'expose', before: ['expose: ["8000"]'], after: ['expose: ["8001"]'] },
  {
    key: 'extends',
    before: ['extends: { service: base }'],
    after: ['extends: { service: base, file: base.yaml }'],
    top: '  base:\n    image: testapp:v1\n    user: "7"\n',
    files: { 'shop/base.yaml': 'services: { base: { image: testapp:v1, user: "7" } }\n' },
  },
  {
    key: 'external_links',
    before: ['external_links: ["legacy:db"]'],
    after: ['external_links: ["legacy:database"]'],
  },
  {
    key: 'extra_hosts',
    before: ['extra_hosts: ["a:10.0.0.7"]'],
    after: ['extra_hosts: ["a:10.0.0.8"]'],
  },
  { key: 'gpus', before: ['gpus: all'], after: ['gpus: [{ count: 1 }]'], isOnlyCreated: true },
  { key: 'group_add', before: ['group_add: [20]'], after: ['group_add: [8]'] },
  {
    key: 'healthcheck',
    before: ['healthcheck: { test: "true", interval: 9s }'],
    after: ['healthcheck: { test: "true", interval: 8s }'],
  },
  {
    key: 'healthcheck.start_interval',
    before: ['healthcheck: { test: "true", start_period: 9s, start_interval: 1s }'],
    after: ['healthcheck: { test: "true", start_period: 9s, start_interval: 2s }'],
    since: '1.44',
  },
  { key: 'hostname', before: ['hostname: a'], after: ['hostname: b'] },
  { key: 'image', before: [], after: ['image: testapp:v2'] },
  { key: 'init', before: ['init: true'], after: ['init: false'] },
  { key: 'ipc', before: ['ipc: shareable'], after: ['ipc: private'] },
  {
    key: 'label_file',
    before: ['label_file: web.labels'],
    after: ['label_file: web.labels'],
    files: { 'shop/web.labels': 'a=1\n' },
    filesAfter: { 'shop/web.labels': 'a=2\n' },
  },
  { key: 'labels', before: ['labels: [a=1]'], after: ['labels: [a=2]'] },
  {
    key: 'logging',
    before: ['logging: { driver: json-file, options: { max-size: 1m } }'],
    after: ['logging: { driver: json-file, options: { max-size: 2m } }'],
  },
  {
    key: 'mac_address',
    before: ['mac_address: 02:42:ac:11:65:43'],
    after: ['mac_address: 02:42:ac:11:65:44'],
  },
  { key: 'mem_limit', before: ['mem_limit: 64m'], after: ['mem_limit: 96m'] },
  { key: 'mem_reservation', before: ['mem_reservation: 32m'], after: ['mem_reservation: 48m'] },
  { key: 'mem_swappiness', before: ['mem_swappiness: 10'], after: ['mem_swappiness: 20'] },
  {
    key: 'memswap_limit',
    before: ['mem_limit: 64m', 'memswap_limit: 96m'],
    after: ['mem_limit: 64m', 'memswap_limit: 112m'],
  },
  { key: 'network_mode', before: ['network_mode: none'], after: ['network_mode: host'] },
  {
    key: 'networks',
    before: ['networks: { default: { aliases: [www] } }'],
    after: ['networks: { default: { aliases: [other] } }'],
  },
  {
    key: 'networks.mac_address',
    before: ['networks: { default: , other: { mac_address: 02:42:ac:11:65:45 } }'],
    after: ['networks: { default: , other: { mac_address: 02:42:ac:11:65:46 } }'],
    top: 'networks: { other: }\n',
    change: 'replace',
    since: '1.44',
  },
  {
    key: 'oom_kill_disable',
    before: ['mem_limit: 64m', 'oom_kill_disable: true'],
    after: ['mem_limit: 64m', 'oom_kill_disable: false'],
  },
  { key: 'oom_score_adj', before: ['oom_score_adj: 100'], after: ['oom_score_adj: 200'] },
  { key: 'pid', before: ['pid: host'], after: [] },
  { key: 'pids_limit', before: ['pids_limit: 64'], after: ['pids_limit: 96'] },
  { key: 'platform', before: ['platform: linux/amd64'], after: [] },
  { key: 'ports', before: ['ports: ["80"]'], after: ['ports: ["81"]'] },
  {
    key: 'post_start',
    before: ['post_start: [{ command: [testapp, check] }]'],
    after: ['post_start: [{ command: [testapp, check, /ready] }]'],
  },
  {
    key: 'pre_start',
    before: ['pre_start: [{ command: [testapp, end, "0"] }]'],
    after: ['pre_start: [{ command: [testapp, end, "0", again] }]'],
  },
  {
    key: 'pre_stop',
    before: ['pre_stop: [{ command: [testapp, check] }]'],
    after: ['pre_stop: [{ command: [testapp, check, /ready] }]'],
  },
  { key: 'privileged', before: ['privileged: true'], after: [], isOnlyCreated: true },
  { key: 'profiles', before: ['profiles: []'], after: [] },
  { key: 'pull_policy', before: ['pull_policy: missing'], after: [] },
  { key: 'read_only', before: ['read_only: true'], after: ['read_only: false'] },
  { key: 'restart', before: ['restart: always'], after: ['restart: on-failure:3'] },
  { key: 'runtime', before: ['runtime: runc'], after: [] },
  { key: 'scale', before: ['scale: 1'], after: ['scale: 2'] },
  {
    key: 'secrets',
    before: ['secrets: [token]'],
    after: ['secrets: [token]'],
    top: 'secrets: { token: { file: token.txt } }\n',
    files: { 'shop/token.txt': 'one' },
    filesAfter: { 'shop/token.txt': 'two' },
  },
  {
    key: 'security_opt',
    before: ['security_opt: ["no-new-privileges:true"]'],
    after: ['security_opt: [systempaths=unconfined]'],
  },
  { key: 'shm_size', before: ['shm_size: 64m'], after: ['shm_size: 128m'] },
  { key: 'stdin_open', before: ['stdin_open: true'], after: [] },
  { key: 'stop_grace_period', before: ['stop_grace_period: 3s'], after: ['stop_grace_period: 4s'] },
  { key: 'stop_signal', before: ['stop_signal: SIGINT'], after: ['stop_signal: SIGQUIT'] },
  {
    key: 'storage_opt',
    before: ['storage_opt: { size: 1G }'],
    after: ['storage_opt: { size: 2G }'],
    refused: /storage-opt/,
  },
  {
    key: 'sysctls',
    before: ['sysctls: { net.ipv4.ip_forward: 1 }'],
    after: ['sysctls: { net.ipv4.ip_forward: 0 }'],
  },
  { key: 'tmpfs', before: ['tmpfs: /run'], after: ['tmpfs: /cache'] },
  { key: 'tty', before: ['tty: true'], after: [] },
  { key: 'ulimits', before: ['ulimits: { nofile: 512 }'], after: ['ulimits: { nofile: 1024 }'] },
  { key: 'user', before: ['user: "1000"'], after: ['user: "1001"'] },
  { key: 'userns_mode', before: ['userns_mode: host'], after: [] },
  { key: 'uts', before: ['uts: host'], after: [] },
  {
    key: 'volumes',
    before: ['volumes: [data:/data]'],
    after: ['volumes: [data:/data:ro]'],
    top: 'volumes: { data: }\n',
  },
  {
    key: 'volumes.bind.recursive',
    before: boundRecursively('readonly'),
    after: boundRecursively('writable'),
    since: '1.44',
  },
  {
    key: 'volumes.volume.subpath',
    before: ['volumes: [{ type: volume, source: data, target: /d, volume: { subpath: a } }]'],
    after: ['volumes: [{ type: volume, source: data, target: /d, volume: { subpath: b } }]'],
    top: 'volumes: { data: }\n',
    since: '1.45',
    isOnlyCreated: true,
  },
  {
    key: 'volumes_from',
    before: ['volumes_from: [side]'],
    after: ['volumes_from: [side:ro]'],
    top: '  side:\n    image: testapp:v1\n',
    // The instance that it names is for the rollout to find: test/engine/shared.test.ts.
    refused: /No such container: side/,
  },
  { key: 'working_dir', before: ['working_dir: /tmp'], after: ['working_dir: /'] },
  ...extensionLives,
];

function boundRecursively(how: string): readonly string[] {
  return [
    `volumes: [{ type: bind, source: /usr/share, target: /b, read_only: true, bind: { recursive: ${how} } }]`,
  ];
}
