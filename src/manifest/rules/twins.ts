import {
  child,
  complain,
  isEmptyOrNull,
  readNumber,
  readWith,
  silent,
  type Cursor,
} from '../cursor.ts';
import { formatPlace } from '../report.ts';
import { parseBytes } from '../scalars/bytes.ts';
import { parseCpus } from '../scalars/cpus.ts';
import type { Rule } from './rule.ts';

interface Twin {
  readonly key: string;
  /** Below `deploy`. */
  readonly path: readonly string[];
  readonly read: (cursor: Cursor) => number | null;
}

const twins: readonly Twin[] = [
  { key: 'scale', path: ['replicas'], read: readNumber },
  { key: 'cpus', path: ['resources', 'limits', 'cpus'], read: (at) => readWith(at, parseCpus) },
  { key: 'mem_limit', path: ['resources', 'limits', 'memory'], read: readSize },
  { key: 'mem_reservation', path: ['resources', 'reservations', 'memory'], read: readSize },
  { key: 'pids_limit', path: ['resources', 'limits', 'pids'], read: readNumber },
];

/** What Compose can say at two places, once by an old key and once below `deploy`, is the same at both. */
export const twinsAgree: Rule = ({ services }) => {
  for (const service of services.values()) {
    for (const { key, path, read } of twins) {
      const old = child(service, key);
      if (isEmptyOrNull(old)) continue;
      const deployed = child(service, 'deploy', ...path);
      if (isEmptyOrNull(deployed)) continue;
      const values = [read(silent(old)), read(silent(deployed))];
      if (values.includes(null) || values[0] === values[1]) continue;
      const twin = `deploy.${path.join('.')}`;
      const message = `"${key}" and "${twin}" (${formatPlace(deployed.origin)}) say different things`;
      complain(old, 'conflicting-keys', message, `Keep ${twin}`);
    }
  }
};

function readSize(cursor: Cursor): number | null {
  return readWith(cursor, parseBytes);
}
