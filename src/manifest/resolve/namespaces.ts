import type { SharedVolumes, Shares } from '../../model/container.ts';
import { present } from '../../model/present.ts';
import type { Settings } from '../../model/settings.ts';
import { child, complain, items, readText, type Cursor } from '../cursor.ts';

type Namespaces = Pick<Settings, 'cgroup' | 'ipc' | 'pid' | 'userns' | 'uts'>;

/** The namespaces and mounts that a container shares with other services. */
export function resolveShares(service: Cursor): { readonly shares?: Shares } {
  const shares = present({
    network: sharedService(child(service, 'network_mode')),
    ipc: sharedService(child(service, 'ipc')),
    pid: sharedService(child(service, 'pid')),
    volumes: items(child(service, 'volumes_from')).flatMap((item) => readVolumesFrom(item) ?? []),
  }) as Shares;
  return Object.keys(shares).length === 0 ? {} : { shares };
}

/** The service that a mode names: `service:NAME`. */
export function sharedService(mode: Cursor): string | null {
  return /^service:(.+)$/.exec(readText(mode) ?? '')?.[1] ?? null;
}

/** `SERVICE`, `SERVICE:ro` or `SERVICE:rw`. What else is written is reported. */
function readVolumesFrom(item: Cursor): SharedVolumes | null {
  const text = readText(item) ?? '';
  if (text.startsWith('container:')) {
    complainOfContainer(item, 'volumes_from', text, 'volumes_from: [NAME]');
    return null;
  }
  const [from = '', mode = 'rw', ...more] = text.split(':');
  if (from === '' || (mode !== 'ro' && mode !== 'rw') || more.length > 0) {
    const message = `"volumes_from" must be SERVICE, SERVICE:ro or SERVICE:rw, got "${text}"`;
    complain(item, 'invalid-value', message);
    return null;
  }
  return { from, readOnly: mode === 'ro' };
}

/** The namespaces that a container has of its own, or shares with its host. */
export function resolveNamespaces(service: Cursor): Namespaces {
  return present({
    cgroup: readMode(child(service, 'cgroup'), ['host', 'private'] as const),
    ipc: ownMode(child(service, 'ipc'), ['host', 'none', 'private', 'shareable'] as const),
    pid: ownMode(child(service, 'pid'), ['host'] as const),
    userns: readMode(child(service, 'userns_mode'), ['host'] as const),
    uts: readMode(child(service, 'uts'), ['host'] as const),
  });
}

/** As `readMode`, where another service may be named too. */
export function ownMode<T extends string>(cursor: Cursor, allowed: readonly T[]): T | null {
  return sharedService(cursor) === null ? readMode(cursor, allowed) : null;
}

/** One of these words; nothing for an empty place. What else is written is reported. */
export function readMode<T extends string>(cursor: Cursor, allowed: readonly T[]): T | null {
  const text = readText(cursor);
  if (text === null || text === '') return null;
  const mode = allowed.find((each) => each === text);
  if (mode !== undefined) return mode;
  const key = cursor.path.split('.').at(-1) ?? '';
  if (text.startsWith('service:')) {
    const message = `"${key}: ${text}" is not supported: the engine does not let containers share that`;
    complain(cursor, 'unsupported-value', message);
  } else if (text.startsWith('container:')) {
    complainOfContainer(cursor, key, text, `${key}: service:NAME`);
  } else {
    complain(cursor, 'invalid-value', `"${key}" must be ${allowed.join(', ')}, got "${text}"`);
  }
  return null;
}

function complainOfContainer(cursor: Cursor, key: string, text: string, instead: string): void {
  complain(
    cursor,
    'unsupported-value',
    `"${key}: ${text}" is not supported: nothing tells when a container that is not of this application is replaced`,
    `Make it a service of this application, and write ${instead}`,
  );
}
