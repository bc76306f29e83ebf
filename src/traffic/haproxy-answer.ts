import type { ProxyServer } from '../model/traffic.ts';
import type { ProxyAnswer } from './traffic-router.ts';

const heads = {
  backends: '# name',
  servers: '# be_id be_name srv_id srv_name',
  stat: '# pxname,svname',
} as const;

/** Bits of srv_admin_state: in maintenance or drained, by somebody, by the configuration or by inheritance. */
const notReady = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20;

/**
 * Reads what HAProxy has answered to changes and to readCommands() after them. A text: it is not whole, as when the
 * connection broke, or one of the questions was refused.
 */
export function parseAnswer(output: string): ProxyAnswer {
  const lines = output.split(/\r?\n/).map((line) => line.trim());
  const [backendsAt, serversAt, statAt] = [heads.backends, heads.servers, heads.stat].map((head) =>
    lines.findIndex((line) => line.startsWith(head)),
  );
  if (backendsAt === undefined || serversAt === undefined || statAt === undefined) return cutShort;
  if (backendsAt < 0 || serversAt < backendsAt || statAt < serversAt) {
    return lines.find((line) => line !== '') ?? 'its runtime API said nothing';
  }
  const [rows, rest] = untilEmpty(lines.slice(statAt + 1));
  if (rest === null) return cutShort;
  const sessions = readSessions(lines[statAt] ?? '', rows);
  const routes = readRoutes(rest);
  if (typeof routes === 'string') return routes;
  const servers = lines
    .slice(serversAt + 1, statAt)
    .filter((line) => line.includes(' '))
    .map((line) => readServer(line, sessions));
  const said = lines.slice(0, backendsAt).filter((line) => line !== '' && !isUsual(line));
  return {
    state: {
      backends: untilEmpty(lines.slice(backendsAt + 1))[0],
      servers,
      routes,
    },
    said: [...new Set(said)].join('; '),
  };
}

const cutShort = 'the answer of its runtime API is cut short';

/** What it says when nothing is wrong, or when a change was made before. */
function isUsual(line: string): boolean {
  return /^(New server registered|Server deleted|Already exists a server|no need to change|\w+ changed from|Key not found)/i.test(
    line,
  );
}

/** The lines before the first empty one, and those after it; null: there is none. */
function untilEmpty(
  lines: readonly string[],
): readonly [readonly string[], readonly string[] | null] {
  const end = lines.indexOf('');
  return end === -1 ? [lines, null] : [lines.slice(0, end), lines.slice(end + 1)];
}

/** Requests that each server has, or that wait for it, by `backend/name`. */
function readSessions(head: string, rows: readonly string[]): ReadonlyMap<string, number> {
  const columns = head.slice(2).split(',');
  const [current, queued] = [columns.indexOf('scur'), columns.indexOf('qcur')];
  return new Map(
    rows.map((row) => {
      const fields = row.split(',');
      const count = Number(fields[current] ?? 0) + Number(fields[queued] ?? 0);
      return [`${fields[0] ?? ''}/${fields[1] ?? ''}`, count];
    }),
  );
}

function readServer(line: string, sessions: ReadonlyMap<string, number>): ProxyServer {
  const fields = line.split(' ');
  const [, backend = '', , name = '', address = ''] = fields;
  const adminState = Number(fields[6] ?? 0);
  return {
    backend,
    name,
    address,
    port: Number(fields[18] ?? 0),
    isReady: (adminState & notReady) === 0,
    sessions: sessions.get(`${backend}/${name}`) ?? 0,
  };
}

/** `0x… key value`; anything else is a refusal, such as that no such map is in use. */
function readRoutes(lines: readonly string[]): Readonly<Record<string, string>> | string {
  const routes: Record<string, string> = {};
  for (const line of lines) {
    if (line === '') continue;
    const [id = '', key = '', backend = ''] = line.split(' ');
    if (!id.startsWith('0x')) return line;
    routes[key] = backend;
  }
  return routes;
}
