import type { DeviceRequest, DeviceSpec } from '../../model/settings.ts';
import {
  child,
  complain,
  isPresent,
  items,
  readNumber,
  readText,
  readTexts,
  type Cursor,
} from '../cursor.ts';
import { resolveTextMap } from './text-map.ts';

/** The devices of the host, sorted by target, without those that a driver hands out. */
export function resolveDevices(service: Cursor): readonly DeviceSpec[] {
  return items(child(service, 'devices'))
    .filter((item) => cdiName(item) === null)
    .flatMap((item) => readDevice(item) ?? [])
    .toSorted((a, b) => (a.target < b.target ? -1 : 1));
}

/** What the engine asks drivers for: `deploy.resources.reservations.devices`, `gpus` and devices by their CDI names. */
export function resolveDeviceRequests(service: Cursor): readonly DeviceRequest[] {
  const reserved = items(child(service, 'deploy', 'resources', 'reservations', 'devices'));
  const names = items(child(service, 'devices')).flatMap((item) => cdiName(item) ?? []);
  const byName: DeviceRequest = {
    driver: 'cdi',
    count: 0,
    ids: names,
    capabilities: [],
    options: {},
  };
  return [
    ...reserved.map((item) => readRequest(item, [])),
    ...readGpus(child(service, 'gpus')),
    ...(names.length === 0 ? [] : [byName]),
  ];
}

function readDevice(item: Cursor): DeviceSpec | null {
  const { source, target, permissions } = partsOf(item);
  if (source.startsWith('/') && target.startsWith('/') && /^[rwm]{1,3}$/.test(permissions)) {
    return { source, target, permissions };
  }
  complain(
    item,
    'invalid-value',
    `"${source}" is not a device: expected host path[:container path[:permissions]], such as /dev/fuse or /dev/sda:/dev/xvda:r`,
  );
  return null;
}

function partsOf(item: Cursor): DeviceSpec {
  if (item.node?.kind === 'map') {
    const source = readText(child(item, 'source')) ?? '';
    const target = readText(child(item, 'target')) ?? source;
    return { source, target, permissions: readText(child(item, 'permissions')) ?? 'rwm' };
  }
  const text = readText(item) ?? '';
  const [source = '', second = source, third = 'rwm', ...more] = text.split(':');
  if (more.length > 0) return { source: text, target: '', permissions: '' };
  // `/dev/x:r` leaves the path in the container out.
  const isMode = second !== source && /^[rwm]{1,3}$/.test(second) && third === 'rwm';
  return isMode
    ? { source, target: source, permissions: second }
    : { source, target: second, permissions: third };
}

/** `vendor.com/class=name`, or null: a path. */
function cdiName(item: Cursor): string | null {
  const { source, target } = partsOf(item);
  return source === target && /^[a-zA-Z][\w.-]*\/[\w.-]+=.+$/.test(source) ? source : null;
}

function readGpus(gpus: Cursor): readonly DeviceRequest[] {
  const text = readText(gpus);
  if (text !== null && text !== 'all') {
    complain(gpus, 'invalid-value', `"${text}" is not a choice of GPUs: expected all, or a list`);
  }
  const all: DeviceRequest = {
    driver: '',
    count: -1,
    ids: [],
    capabilities: ['gpu'],
    options: {},
  };
  return text === null ? items(gpus).map((item) => readRequest(item, ['gpu'])) : [all];
}

function readRequest(item: Cursor, needed: readonly string[]): DeviceRequest {
  const ids = readTexts(child(item, 'device_ids'));
  const count = child(item, 'count');
  if (needed.length === 0 && !isPresent(child(item, 'capabilities'))) {
    complain(item, 'missing-key', 'a device must have the key "capabilities"');
  }
  const capabilities = [...new Set([...needed, ...readTexts(child(item, 'capabilities'))])];
  return {
    driver: readText(child(item, 'driver')) ?? '',
    count: ids.length > 0 ? 0 : readCount(count),
    ids,
    capabilities: capabilities.toSorted(),
    options: resolveTextMap(child(item, 'options')),
  };
}

function readCount(count: Cursor): number {
  const text = readText(count) ?? 'all';
  if (text === 'all') return -1;
  return readNumber(count) ?? -1;
}
