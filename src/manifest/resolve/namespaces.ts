import { present } from '../../model/present.ts';
import type { Settings } from '../../model/settings.ts';
import { child, complain, readText, type Cursor } from '../cursor.ts';

type Namespaces = Pick<Settings, 'cgroup' | 'ipc' | 'pid' | 'userns' | 'uts'>;

/** The namespaces that a container shares with its host. Those of other containers are refused. */
export function resolveNamespaces(service: Cursor): Namespaces {
  return present({
    cgroup: readMode(child(service, 'cgroup'), ['host', 'private'] as const),
    ipc: readMode(child(service, 'ipc'), ['host', 'none', 'private', 'shareable'] as const),
    pid: readMode(child(service, 'pid'), ['host'] as const),
    userns: readMode(child(service, 'userns_mode'), ['host'] as const),
    uts: readMode(child(service, 'uts'), ['host'] as const),
  });
}

/** One of these words; nothing for an empty place. What else is written is reported. */
export function readMode<T extends string>(cursor: Cursor, allowed: readonly T[]): T | null {
  const text = readText(cursor);
  if (text === null || text === '') return null;
  const mode = allowed.find((each) => each === text);
  if (mode !== undefined) return mode;
  const key = cursor.path.split('.').at(-1) ?? '';
  if (/^(service|container):/.test(text)) {
    complain(
      cursor,
      'unsupported-value',
      `"${key}: ${text}" is not supported yet: instances are replaced one by one, and would lose what they share`,
    );
  } else {
    complain(cursor, 'invalid-value', `"${key}" must be ${allowed.join(', ')}, got "${text}"`);
  }
  return null;
}
