import { isDeepStrictEqual } from 'node:util';

import type { Fleet } from '../fleet/fleet.ts';
import type { ProxyGroup } from '../model/traffic.ts';
import { parseAnswer, stateOf, type CaddyAnswer } from './caddy-answer.ts';
import { closingFile, dialOf, subrouteId, writeRoutes } from './caddy-routes.ts';
import { canBeTold, tableAfter, type CaddyTable } from './caddy-table.ts';
import { failureOf } from './command-failure.ts';
import type { ProxyAddress, TrafficRouter } from './traffic-router.ts';

/** How long is waited around a change, in seconds. */
export interface CaddyRests {
  /**
   * Before it connections end with their answers for so long. Requests that had begun before that end without it: their
   * connections are used again, and ended, only then.
   */
  readonly ending: number;
  /** After it whoever had connected before it may be given what was there before. */
  readonly settling: number;
}

const usualRests: CaddyRests = { ending: 3, settling: 1 };

/**
 * Caddy through its admin API, which is reached by a command in its container, as the runtime API of HAProxy is. Each change
 * of its configuration closes the connections that wait for another request: those are let end first.
 */
export function caddyRouter(
  fleet: Pick<Fleet, 'ask'>,
  { command }: Pick<ProxyGroup, 'command'>,
  rests: CaddyRests = usualRests,
): TrafficRouter {
  const askOnce = async (
    { host, container }: ProxyAddress,
    change: string,
    settling: number,
    signal: AbortSignal,
  ): Promise<CaddyAnswer | string> => {
    const seconds = [String(rests.ending), String(settling)];
    const words = [...shell, change, ...seconds, ...questions, ...command];
    const end = await fleet.ask(host, container, words, signal);
    if (typeof end === 'string') return end;
    const answer = parseAnswer(end.output);
    if (typeof answer !== 'string' || end.exitCode === 0) return answer;
    return failureOf(command, end);
  };
  return {
    async ask(proxy, changes, signal) {
      const before = await askOnce(proxy, '', 0, signal);
      if (typeof before === 'string') return before;
      const tellable = changes.filter(canBeTold);
      const untold = tellable.length === changes.length ? '' : unsayable;
      const wanted = tellable.reduce(tableAfter, before.table);
      if (isDeepStrictEqual(wanted, before.table)) return stateOf({ ...before, said: untold });
      const table = withoutDone(wanted, before);
      const change = changeTo(table, before.etag);
      if (Buffer.byteLength(change) > mostBytes) return tooLong;
      const settling = table.leaving.length > 0 ? rests.settling : 0;
      const after = await askOnce(proxy, change, settling, signal);
      if (typeof after === 'string') return after;
      const said = [untold, after.said].filter((each) => each !== '').join('; ');
      return stateOf({ ...after, said });
    },
  };
}

const unsayable = 'what has a name that it may take for something else was not told to it';
/** An engine hands no longer word to a command. */
const mostBytes = 120_000;
const tooLong = 'it would have more instances than one command can name';

const head = 'Host: 127.0.0.1:2019\r\nConnection: close\r\n';
const routesPath = `/id/${subrouteId}/routes`;
const upstreamsPath = '/reverse_proxy/upstreams';
/** In this order: who has no requests, and is given none, has none from then on. */
const questions = [routesPath, upstreamsPath].map((path) => `GET ${path} HTTP/1.1\r\n${head}\r\n`);

/** The first word after the script is the change, or empty; then come how long to wait before and after it, the two questions, and the command. */
const script = [
  'change=$0 ending=$1 settling=$2 routes=$3 upstreams=$4',
  'shift 4',
  'if [ -n "$change" ]; then',
  // Who is ended meanwhile changes nothing any more, and leaves nothing behind that ends connections for ever.
  `trap 'rm -f ${closingFile}' EXIT`,
  `trap 'exit 1' HUP INT TERM`,
  `: >${closingFile}; sleep "$ending"`,
  `printf %s "$change" | "$@"; echo`,
  `rm -f ${closingFile}; sleep "$settling"`,
  'fi',
  'printf %s "$routes" | "$@"; echo',
  'printf %s "$upstreams" | "$@"',
].join('\n');
const shell = ['sh', '-c', script];

/** It is taken only if nobody has changed anything since. */
function changeTo(table: CaddyTable, etag: string): string {
  const body = JSON.stringify(writeRoutes(table));
  const length = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return `PATCH ${routesPath} HTTP/1.1\r\n${head}If-Match: ${etag}\r\n${length}\r\n${body}`;
}

/** Who had left and has answered all requests is forgotten when something changes anyway. */
function withoutDone(table: CaddyTable, { table: before, counts }: CaddyAnswer): CaddyTable {
  const leftBefore = new Set(before.leaving);
  const isDone = (one: CaddyTable['leaving'][number]): boolean =>
    leftBefore.has(one) && counts.get(dialOf(one)) === 0;
  return { ...table, leaving: table.leaving.filter((one) => !isDone(one)) };
}
