import { globsMeet, matchesGlob } from './glob.ts';

/** The paths under which drift can be reported and left alone; `*` stands for a name of the user's. */
export const driftPaths: readonly string[] = [
  'annotations',
  'blkio_config',
  'blkio_config.weight',
  'cap_add',
  'cap_drop',
  'cgroup',
  'cgroup_parent',
  'command',
  'cpu_period',
  'cpu_rt_period',
  'cpu_rt_runtime',
  'cpu_shares',
  'cpuset',
  'deploy.resources.limits.cpus',
  'deploy.resources.limits.memory',
  'deploy.resources.limits.pids',
  'deploy.resources.reservations.devices',
  'deploy.resources.reservations.memory',
  'device_cgroup_rules',
  'devices',
  'dns',
  'dns_opt',
  'dns_search',
  'domainname',
  'entrypoint',
  'environment.*',
  'extra_hosts',
  'group_add',
  'healthcheck.interval',
  'healthcheck.retries',
  'healthcheck.start_interval',
  'healthcheck.start_period',
  'healthcheck.test',
  'healthcheck.timeout',
  'hostname',
  'image',
  'init',
  'ipc',
  'labels.*',
  'logging',
  'mem_swappiness',
  'memswap_limit',
  'networks.*',
  'oom_kill_disable',
  'oom_score_adj',
  'pid',
  'ports',
  'privileged',
  'read_only',
  'runtime',
  'security_opt',
  'shm_size',
  'stdin_open',
  'stop_grace_period',
  'stop_signal',
  'storage_opt',
  'sysctls',
  'tmpfs',
  'tty',
  'ulimits',
  'user',
  'userns_mode',
  'uts',
  'volumes',
  'volumes_from',
  'working_dir',
];

/** Paths of drift that is always dealt with, and why. */
export const neverIgnored: Readonly<Record<string, string>> = {
  state: 'whether it runs is what the operator is for; suspend the application instead',
  health: 'whether it is well is what the operator is for; suspend the application instead',
  restart: 'the restart policy is the mark of promotion',
  container_name: 'the name tells an instance from a copy of it',
};

/** Whether a rule for `path`, a pattern, takes in the difference at `at`: that path itself, or one above it. */
export function coversPath(path: string, at: string): boolean {
  return matchesGlob(path, at) || matchesGlob(`${path}.*`, at);
}

/** Whether a rule for `path` can take in anything that is ever reported and may be left alone. */
export function canTakeIn(path: string): boolean {
  return driftPaths.some((known) => globsMeet(path, known) || globsMeet(`${path}.*`, known));
}
