import { printable } from '../model/printable.ts';
import type { ProxyServer } from '../model/traffic.ts';
import { numberOf, objectsIn, textOf } from './caddy-json.ts';
import { dialOf, readRoutes, subrouteId } from './caddy-routes.ts';
import type { CaddyTable } from './caddy-table.ts';
import type { ProxyAnswer } from './traffic-router.ts';

/** What is told to people of an answer. */
const saidChars = 300;

/** What the admin API of Caddy has answered. */
export interface CaddyAnswer {
  readonly table: CaddyTable;
  /** Names the state of the table: it is changed only if it is still this one. */
  readonly etag: string;
  /** Requests that each has, by address and port. */
  readonly counts: ReadonlyMap<string, number>;
  /** What it said of the change, for people; empty when it took it, or there was none. */
  readonly said: string;
}

interface Reply {
  readonly status: number;
  readonly etag: string;
  readonly body: string;
}

/**
 * Reads what Caddy has answered: to a change, when there was one, then which routes there are, then how many requests each
 * upstream has. A text: it is not whole, or one of the questions was refused.
 */
export function parseAnswer(output: Buffer): CaddyAnswer | string {
  const replies = repliesIn(output);
  const [routes, counted] = replies.slice(-2);
  if (routes === undefined || counted === undefined) {
    const lines = output.toString().split('\n');
    const first = lines.find((line) => line.trim() !== '');
    return replies.length === 0 && first !== undefined ? printable(first, saidChars) : cutShort;
  }
  const refusal = [routes, counted].find(({ status }) => status !== 200);
  if (refusal !== undefined) return refusalOf(refusal);
  const found = parsed(routes.body);
  if (found === undefined) return cutShort;
  const table = readRoutes(found);
  const counts = readCounts(parsed(counted.body));
  if (table === null) return noTable;
  if (counts === null) return cutShort;
  const change = replies.at(-3);
  const said = change === undefined || change.status === 200 ? '' : refusalOf(change);
  return { table, etag: routes.etag, counts, said };
}

const cutShort = 'the answer of its admin API is cut short';
const noTable = `what has the id "${subrouteId}" in its configuration is not a subroute with routes`;
const otherForm = 'its admin API tells of its upstreams in a form that is not known';

/** Each begins with its status, and no line of JSON does. */
function repliesIn(output: Buffer): readonly Reply[] {
  // One character is one byte: lengths are told in bytes, and a piece may end within a character.
  return output
    .toString('latin1')
    .split(/^(?=HTTP\/1\.\d )/m)
    .filter((text) => text.startsWith('HTTP/'))
    .map(readReply);
}

function readReply(text: string): Reply {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const rest = end < 0 ? '' : text.slice(end + 4);
  const isChunked = /^transfer-encoding:\s*chunked/im.test(head);
  const { body, trailer } = isChunked ? joinChunks(rest) : { body: rest, trailer: '' };
  // Which state it tells of is known only at its end.
  const found = /^etag:(?<etag>.*)$/im.exec(`${head}\n${trailer}`);
  const etag = found?.groups?.['etag']?.trim() ?? '';
  return { status: Number(head.split(' ', 2)[1]), etag, body: utf8Of(body) };
}

/** A body that comes in pieces, each after its length, and the headers after it. */
function joinChunks(text: string): { readonly body: string; readonly trailer: string } {
  let rest = text;
  const chunks: string[] = [];
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, Math.max(end, 0)), 16);
    const isLast = !(size > 0);
    const after = end + 2 + (isLast ? 0 : size);
    if (!isLast) chunks.push(rest.slice(end + 2, after));
    rest = rest.slice(isLast ? after : after + 2);
    if (isLast) return { body: chunks.join(''), trailer: rest };
  }
}

function utf8Of(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}

function refusalOf({ status, body }: Reply): string {
  const found = parsed(body);
  const isTold = typeof found === 'object' && found !== null && 'error' in found;
  const told = isTold && typeof found.error === 'string' ? found.error : body;
  return printable(`it says ${status}: ${told}`, saidChars);
}

/** undefined: it is no JSON, or not all of it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** null: it is not all of it. */
function readCounts(value: unknown): ReadonlyMap<string, number> | null {
  if (!Array.isArray(value)) return null;
  const all = objectsIn(value);
  return new Map(all.map((one) => [textOf(one['address']), numberOf(one['num_requests'])]));
}

/** How the proxy stands. Who has left, and has no requests any more, is not told of: nothing is to be done about it. */
export function stateOf({ table, counts, said }: CaddyAnswer): ProxyAnswer {
  const servers = [
    ...table.servers.map((one): ProxyServer => ({ ...one, isReady: true, sessions: 0 })),
    ...table.leaving.map((one): ProxyServer => {
      return { ...one, isReady: false, sessions: counts.get(dialOf(one)) ?? Number.NaN };
    }),
  ];
  // Who cannot be counted is not taken for nobody.
  if (
    servers.some(({ sessions, port }) => !Number.isInteger(sessions) || !Number.isInteger(port))
  ) {
    return otherForm;
  }
  const isAnswering = servers.filter(({ isReady, sessions }) => isReady || sessions > 0);
  const backends = [...table.backends.keys()];
  return { state: { backends, servers: isAnswering, routes: table.routes }, said };
}
