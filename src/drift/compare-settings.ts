import type { ContainerSpec } from '../model/container.ts';
import type { DriftValue } from '../model/drift.ts';
import type { Settings } from '../model/settings.ts';
import type { FieldDifference } from './field-difference.ts';
import { settingWords, subjectOf } from './setting-words.ts';

/**
 * When a setting that the manifest leaves open is compared all the same. `always`: the engine has no default of its own
 * for it, and to be without it is what was asked for. `never`: the engine or its configuration fills it in. A function:
 * only when what is there opens the container to its host.
 */
type WhenOpen = 'always' | 'never' | ((observed: string) => boolean);

interface Rule {
  /** As the manifest writes it. */
  readonly path: string;
  readonly whenOpen: WhenOpen;
  /** `parts`: of what is there, only the parts that are asked for count. Default: the whole. */
  readonly parts?: true;
  /** Words that newer engines keep elsewhere: they are not compared. */
  readonly elsewhere?: RegExp;
  /** Engines whose kernel cannot do it drop it with a warning: that it is not there says nothing. */
  readonly mayBeDropped?: true;
}

const opensHost: WhenOpen = (observed) => observed === 'host' || observed.startsWith('container:');

const rules: { readonly [Key in keyof Required<Settings>]: Rule } = {
  annotations: { path: 'annotations', whenOpen: 'never', parts: true },
  blockDevices: { path: 'blkio_config', whenOpen: 'always', mayBeDropped: true },
  cgroup: { path: 'cgroup', whenOpen: 'never' },
  cgroupParent: { path: 'cgroup_parent', whenOpen: 'never' },
  cpuRealtimePeriod: { path: 'cpu_rt_period', whenOpen: 'always' },
  cpuRealtimeRuntime: { path: 'cpu_rt_runtime', whenOpen: 'always' },
  deviceCgroupRules: { path: 'device_cgroup_rules', whenOpen: 'always' },
  devices: { path: 'devices', whenOpen: 'always' },
  deviceRequests: { path: 'deploy.resources.reservations.devices', whenOpen: 'always' },
  dns: { path: 'dns', whenOpen: 'never' },
  dnsOptions: { path: 'dns_opt', whenOpen: 'never' },
  dnsSearch: { path: 'dns_search', whenOpen: 'never' },
  domainname: { path: 'domainname', whenOpen: 'never' },
  extraHosts: { path: 'extra_hosts', whenOpen: 'always' },
  groupAdd: { path: 'group_add', whenOpen: 'always' },
  ipc: { path: 'ipc', whenOpen: opensHost },
  logging: { path: 'logging', whenOpen: 'never', parts: true },
  memorySwappiness: { path: 'mem_swappiness', whenOpen: 'never', mayBeDropped: true },
  oomKillDisable: { path: 'oom_kill_disable', whenOpen: 'always', mayBeDropped: true },
  oomScoreAdj: { path: 'oom_score_adj', whenOpen: 'always' },
  pid: { path: 'pid', whenOpen: opensHost },
  privileged: { path: 'privileged', whenOpen: 'always' },
  runtime: { path: 'runtime', whenOpen: 'never' },
  shmBytes: { path: 'shm_size', whenOpen: 'never' },
  stdinOpen: { path: 'stdin_open', whenOpen: 'always' },
  storageOptions: { path: 'storage_opt', whenOpen: 'always' },
  sysctls: { path: 'sysctls', whenOpen: 'always', elsewhere: /\.eth\d+\./ },
  tmpfs: { path: 'tmpfs', whenOpen: 'always' },
  tty: { path: 'tty', whenOpen: 'always' },
  ulimits: { path: 'ulimits', whenOpen: 'never', parts: true },
  userns: { path: 'userns_mode', whenOpen: opensHost },
  uts: { path: 'uts', whenOpen: opensHost },
};

/** Every setting that there is. */
export const settingNames = Object.keys(rules) as readonly (keyof Settings)[];

/** The paths under which they are reported. */
export const settingPaths: readonly string[] = Object.values(rules).map(({ path }) => path);

/** The settings that differ, each as a whole and in words, by the rules of semantics §11. */
export function compareSettings(
  desired: ContainerSpec,
  observed: ContainerSpec,
): readonly FieldDifference[] {
  return settingNames.flatMap((name) => {
    const rule = rules[name];
    const isHere = (word: string): boolean => rule.elsewhere?.test(subjectOf(word)) !== true;
    const wanted = settingWords(desired[name]).filter(isHere);
    const there = settingWords(observed[name]).filter(isHere);
    const counted = rule.parts === true ? there.filter((word) => isAskedFor(word, wanted)) : there;
    if (isSame(wanted, counted) || !isCompared(rule, wanted, there)) return [];
    return [{ path: rule.path, desired: valueOf(wanted), observed: valueOf(counted) }];
  });
}

function isCompared(rule: Rule, wanted: readonly string[], there: readonly string[]): boolean {
  if (rule.mayBeDropped === true && there.length === 0) return false;
  if (wanted.length > 0 || rule.whenOpen === 'always') return true;
  return typeof rule.whenOpen === 'function' && there.some(rule.whenOpen);
}

/** Whether some word of what is asked for is about the same thing: the same option, limit or annotation. */
function isAskedFor(word: string, wanted: readonly string[]): boolean {
  return wanted.some((each) => subjectOf(each) === subjectOf(word));
}

function valueOf(words: readonly string[]): DriftValue {
  const [only, ...more] = words;
  return only === undefined ? null : more.length === 0 ? only : words;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}
