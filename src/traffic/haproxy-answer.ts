import { printable } from '../model/printable.ts';
import type { ProxyServer } from '../model/traffic.ts';
import type { ProxyAnswer } from './traffic-router.ts';

const heads = {
  backends: '# name',
  servers: '# be_id be_name srv_id srv_name',
  stat: '# pxname,svname',
} as const;

/** Bits of srv_admin_state: in maintenance or drained, by somebody, by the configuration or by inheritance. */
const notReady = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20;

/** What is told to people of an answer. */
const saidChars = 300;

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
    const first = lines.find((line) => line !== '') ?? 'its runtime API said nothing';
    return printable(first, saidChars);
  }
  const [rows, rest] = untilEmpty(lines.slice(statAt + 1));
  if (rest === null) return cutShort;
  const counts = readCounts(lines[statAt] ?? '', rows);
  const servers = readServers(lines.slice(serversAt, statAt), counts);
  const routes = readRoutes(rest);
  if (typeof routes === 'string') return printable(routes, saidChars);
  // Who cannot be counted is not taken for nobody.
  if (servers === null) return otherForm;
  const said = lines.slice(0, backendsAt).filter((line) => line !== '' && !isUsual(line));
  return {
    state: {
      backends: untilEmpty(lines.slice(backendsAt + 1))[0],
      servers,
      routes,
    },
    said: printable([...new Set(said)].join('; '), saidChars),
  };
}

const otherForm = 'its runtime API tells of its servers in a form that is not known';
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

interface Counts {
  /** Requests that it has, or that wait for it. NaN: it cannot be told. */
  readonly sessions: number;
  /** Requests that it was given since the proxy was started. NaN: it cannot be told. */
  readonly requests: number;
}

/** By `backend/name`. For a server, HAProxy counts each request as a session, also of a connection that is kept. */
function readCounts(head: string, rows: readonly string[]): ReadonlyMap<string, Counts> {
  const columns = placesOf(head.slice(2).split(','));
  return new Map(
    rows.map((row) => {
      const fields = row.split(',');
      const count = (column: string): number => numberIn(fieldAt(fields, columns, column));
      const counts = { sessions: count('scur') + count('qcur'), requests: count('stot') };
      return [`${fields[0] ?? ''}/${fields[1] ?? ''}`, counts];
    }),
  );
}

/** The columns after the heading, of which other versions may have others; null: some is not what it is to be. */
function readServers(
  [head = '', ...rows]: readonly string[],
  counts: ReadonlyMap<string, Counts>,
): readonly ProxyServer[] | null {
  const columns = placesOf(head.slice(2).split(' '));
  const servers = rows
    .filter((row) => row.includes(' '))
    .map((row) => readServer(columns, row.split(' '), counts));
  const isWhole = servers.every((server) => server !== null);
  return isWhole ? servers : null;
}

function readServer(
  columns: Columns,
  fields: readonly string[],
  counts: ReadonlyMap<string, Counts>,
): ProxyServer | null {
  const field = (column: string): string => fieldAt(fields, columns, column);
  const [backend, name] = [field('be_name'), field('srv_name')];
  const adminState = numberIn(field('srv_admin_state'));
  const port = numberIn(field('srv_port'));
  const { sessions, requests } = counts.get(`${backend}/${name}`) ?? uncounted;
  if (backend === '' || name === '' || [adminState, port, sessions].some(Number.isNaN)) return null;
  const isReady = (adminState & notReady) === 0;
  const endpoint = { backend, name, address: field('srv_addr'), port };
  return { ...endpoint, isReady, sessions, requests: Number.isNaN(requests) ? null : requests };
}

/** Where each column stands. */
type Columns = ReadonlyMap<string, number>;

/** They are looked up for each row, of which there may be as many as columns. */
function placesOf(columns: readonly string[]): Columns {
  return new Map(columns.map((column, index) => [column, index]));
}

/** Empty: there is none. */
function fieldAt(fields: readonly string[], columns: Columns, column: string): string {
  return fields[columns.get(column) ?? -1] ?? '';
}

const uncounted: Counts = { sessions: Number.NaN, requests: Number.NaN };

function numberIn(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
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
