import { present } from '../../model/present.ts';
import type {
  BlockDevices,
  DeviceAmount,
  LoggingSpec,
  Settings,
  UlimitSpec,
} from '../../model/settings.ts';
import {
  child,
  complain,
  isPresent,
  items,
  members,
  readBoolean,
  readText,
  readTexts,
  readWith,
  type Cursor,
} from '../cursor.ts';
import { parseBytes } from '../scalars/bytes.ts';
import type { Parsed } from '../scalars/parsed.ts';
import { malformed, parsed } from '../scalars/parsed.ts';
import { isIpAddress } from '../scalars/port.ts';
import { resolveDeviceRequests, resolveDevices } from './devices.ts';
import { resolveExtraHosts } from './extra-hosts.ts';
import { resolveNamespaces } from './namespaces.ts';
import { readInteger } from './resources.ts';
import { resolveTextMap } from './text-map.ts';
import { resolveTmpfs } from './tmpfs.ts';

/** What Docker can set on a container and few manifests say, in its normal form; what is not set is absent. */
export function resolveSettings(service: Cursor): Settings {
  const text = (key: string): string | null => readText(child(service, key));
  const map = (key: string): Readonly<Record<string, string>> =>
    resolveTextMap(child(service, key));
  const flag = (key: string): true | null => readBoolean(child(service, key)) || null;
  return {
    ...resolveNamespaces(service),
    ...present({
      annotations: map('annotations'),
      blockDevices: resolveBlockDevices(child(service, 'blkio_config')),
      cgroupParent: text('cgroup_parent'),
      cpuRealtimePeriod: readMicroseconds(child(service, 'cpu_rt_period')),
      cpuRealtimeRuntime: readMicroseconds(child(service, 'cpu_rt_runtime')),
      deviceCgroupRules: readDeviceRules(child(service, 'device_cgroup_rules')),
      devices: resolveDevices(service),
      deviceRequests: resolveDeviceRequests(service),
      dns: readNameServers(child(service, 'dns')),
      dnsOptions: textOrTexts(child(service, 'dns_opt')),
      dnsSearch: textOrTexts(child(service, 'dns_search')),
      domainname: text('domainname'),
      extraHosts: resolveExtraHosts(child(service, 'extra_hosts')),
      groupAdd: [...new Set(readTexts(child(service, 'group_add')))].toSorted(),
      logging: resolveLogging(child(service, 'logging')),
      memorySwappiness: readSwappiness(child(service, 'mem_swappiness')),
      oomKillDisable: flag('oom_kill_disable'),
      oomScoreAdj: readInteger(child(service, 'oom_score_adj'), -1_000, 1_000) || null,
      privileged: flag('privileged'),
      runtime: text('runtime'),
      shmBytes: readWith(child(service, 'shm_size'), parseBytes) || null,
      stdinOpen: flag('stdin_open'),
      storageOptions: map('storage_opt'),
      sysctls: map('sysctls'),
      tmpfs: resolveTmpfs(service),
      tty: flag('tty'),
      ulimits: resolveUlimits(child(service, 'ulimits')),
    }),
  };
}

/** One text, or a list of them; empty ones say nothing. */
function textOrTexts(cursor: Cursor): readonly string[] {
  const text = readText(cursor);
  const texts = text === null ? readTexts(cursor) : [text];
  return texts.filter((each) => each !== '');
}

function readNameServers(cursor: Cursor): readonly string[] {
  const servers = textOrTexts(cursor);
  for (const server of servers) {
    if (isIpAddress(server)) continue;
    complain(cursor, 'invalid-value', `"${server}" is not an IP address: a name server is`);
  }
  return servers;
}

/** A driver and its options; the engine fills in its own when there is none. */
function resolveLogging(logging: Cursor): LoggingSpec {
  const options = resolveTextMap(child(logging, 'options'));
  return present({ driver: readText(child(logging, 'driver')), options });
}

function resolveUlimits(ulimits: Cursor): readonly UlimitSpec[] {
  return members(ulimits)
    .map(([name, limit]) => {
      const both = readLimit(limit);
      const soft = both ?? readLimit(child(limit, 'soft')) ?? 0;
      const hard = both ?? readLimit(child(limit, 'hard')) ?? 0;
      if (hard !== -1 && (soft === -1 || soft > hard)) {
        complain(limit, 'invalid-value', `the soft limit "${name}" is above the hard one`);
      }
      return { name, soft, hard };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function readLimit(cursor: Cursor): number | null {
  return readInteger(cursor, -1, Number.MAX_SAFE_INTEGER);
}

function resolveBlockDevices(config: Cursor): BlockDevices {
  return present({
    weights: amounts(child(config, 'weight_device'), (item) =>
      readInteger(child(item, 'weight'), 10, 1_000),
    ),
    readBytes: amounts(child(config, 'device_read_bps'), readRate),
    writeBytes: amounts(child(config, 'device_write_bps'), readRate),
    readOperations: amounts(child(config, 'device_read_iops'), readOperations),
    writeOperations: amounts(child(config, 'device_write_iops'), readOperations),
  });
}

function amounts(list: Cursor, read: (item: Cursor) => number | null): readonly DeviceAmount[] {
  return items(list)
    .map((item) => ({ path: readText(child(item, 'path')) ?? '', amount: read(item) ?? 0 }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function readRate(item: Cursor): number | null {
  return readWith(child(item, 'rate'), parseBytes);
}

function readOperations(item: Cursor): number | null {
  return readInteger(child(item, 'rate'), 0, Number.MAX_SAFE_INTEGER);
}

function readDeviceRules(cursor: Cursor): readonly string[] {
  for (const item of items(cursor)) {
    const text = readText(item) ?? '';
    if (/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(text)) continue;
    const message = `"${text}" is not a rule for devices: expected TYPE MAJOR:MINOR MODE, such as "c 1:3 mr"`;
    complain(item, 'invalid-value', message);
  }
  return readTexts(cursor);
}

/** Zero is a value of its own; -1 means the engine's default. */
function readSwappiness(cursor: Cursor): number | null {
  const value = readInteger(cursor, -1, 100);
  return value === -1 ? null : value;
}

/** Microseconds, or a duration such as 950us or 10ms. */
function readMicroseconds(cursor: Cursor): number | null {
  return isPresent(cursor) ? readWith(cursor, parseMicroseconds) || null : null;
}

function parseMicroseconds(value: string | number): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s)?$/.exec(String(value));
  const unit = { us: 1, ms: 1_000, s: 1_000_000 }[match?.[2] ?? 'us'] ?? 1;
  return match === null
    ? malformed(`"${value}" is not a time: expected microseconds, or a number with us, ms or s`)
    : parsed(Math.round(Number(match[1]) * unit));
}
