/** A server of a backend, as HAProxy has it. */
export interface HaproxyServer {
  readonly backend: string;
  readonly name: string;
  address: string;
  port: number;
  state: 'maint' | 'drain' | 'ready';
  /** Since when it is given no new requests; null: it is, or never was. */
  leavingSince: number | null;
  /** When it will have answered the requests that it has. */
  busyUntil: number;
}

/** What happens around an HAProxy. */
export interface HaproxySurroundings {
  readonly now: () => number;
  /** How long the last requests of a server take that is given no more, in milliseconds. */
  readonly lastRequestsMs: () => number;
  /** Whether somebody listens there: with the end of a program its connections end. */
  readonly isThere: (address: string, port: number) => boolean;
}

/** What one run of HAProxy knows: nothing of it outlives the run. */
export interface Haproxy extends HaproxySurroundings {
  readonly backends: readonly string[];
  /** Path of its map file. */
  readonly map: string;
  /** By `backend/name`, in the order in which they were added. */
  readonly servers: Map<string, HaproxyServer>;
  /** A key that is added twice is there twice. */
  routes: readonly (readonly [key: string, backend: string])[];
  /** Commands so far that have changed something. */
  changes: number;
  /** It takes no line before that: whatever comes waits for it, in its order. */
  silentUntil: number;
  /** Its answers come late before that. */
  lateUntil: number;
}

/** HAProxy as it starts with a configuration. */
export function startHaproxy(config: string, surroundings: HaproxySurroundings): Haproxy {
  return {
    ...surroundings,
    backends: [...config.matchAll(/^backend (\S+)/gm)].map(([, name = '']) => name),
    map: /map_beg\((\S+?)\)/.exec(config)?.[1] ?? '',
    servers: new Map(),
    routes: [],
    changes: 0,
    silentUntil: 0,
    lateUntil: 0,
  };
}

/** What its runtime API says to a line of commands, in its own words. */
export function answerLine(haproxy: Haproxy, line: string): string {
  const commands = line.split(';').map((command) => command.trim().split(/\s+/));
  return commands.map((words) => `${answer(haproxy, words)}\n`).join('');
}

function answer(haproxy: Haproxy, words: readonly string[]): string {
  const [verb = '', kind = '', first = '', ...rest] = words;
  switch (`${verb} ${kind}`) {
    case 'show backend':
      return lines(['# name', ...haproxy.backends]);
    case 'show servers':
      return lines(['1', serverHead, ...[...haproxy.servers.values()].map(serverRow)]);
    case 'show stat':
      return lines([
        statHead,
        ...[...haproxy.servers.values()].map((server) => statRow(haproxy, server)),
      ]);
    case 'show map':
      return first === haproxy.map ? lines(haproxy.routes.map(routeRow)) : unknownMap;
    case 'add map':
    case 'set map':
    case 'del map':
      return first === haproxy.map ? changeMap(haproxy, verb, rest) : unknownMap;
    case 'add server':
      return addServer(haproxy, first, rest);
    case 'set server':
      return withServer(haproxy, first, (server) => setServer(haproxy, server, rest));
    case 'enable health':
      return withServer(haproxy, first, () => '');
    case 'del server':
      return deleteServer(haproxy, first);
    default:
      return `Unknown command: '${words.join(' ')}'\n`;
  }
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

const serverHead = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port';
const adminStates = { ready: 0, maint: 1, drain: 8 } as const;

function serverRow({ backend, name, address, port, state }: HaproxyServer): string {
  return `3 ${backend} 1 ${name} ${address} 2 ${adminStates[state]} ${port}`;
}

const statHead = '# pxname,svname,qcur,scur,stot';

function statRow(haproxy: Haproxy, server: HaproxyServer): string {
  return `${server.backend},${server.name},0,${sessionsOf(haproxy, server)},0`;
}

/** Requests that a server has and was given before it got no more. */
export function sessionsOf(haproxy: Haproxy, { busyUntil, address, port }: HaproxyServer): number {
  return haproxy.now() < busyUntil && haproxy.isThere(address, port) ? 1 : 0;
}

function routeRow([key, backend]: Haproxy['routes'][number]): string {
  return `0x1 ${key} ${backend}`;
}

const unknownMap = 'Unknown map identifier. Please use #<id> or <file>.\n';

function changeMap(haproxy: Haproxy, verb: string, [key = '', to = '']: readonly string[]): string {
  const isKnown = haproxy.routes.some(([each]) => each === key);
  if (verb === 'add') {
    haproxy.routes = [...haproxy.routes, [key, to]];
  } else if (!isKnown) {
    return verb === 'set' ? 'entry not found.\n' : 'Key not found.\n';
  } else if (verb === 'set') {
    haproxy.routes = haproxy.routes.map((route) => (route[0] === key ? [key, to] : route));
  } else {
    haproxy.routes = haproxy.routes.filter((route) => route[0] !== key);
  }
  haproxy.changes += 1;
  return '';
}

/** A server that was added is in maintenance. */
function addServer(haproxy: Haproxy, id: string, [endpoint = '']: readonly string[]): string {
  const [backend = '', name = ''] = id.split('/');
  if (!haproxy.backends.includes(backend)) return 'No such backend.';
  if (haproxy.servers.has(id)) return 'Already exists a server with the same name in backend.\n';
  const end = endpoint.lastIndexOf(':');
  haproxy.servers.set(id, {
    backend,
    name,
    address: endpoint.slice(0, end),
    port: Number(endpoint.slice(end + 1)),
    state: 'maint',
    leavingSince: null,
    busyUntil: 0,
  });
  haproxy.changes += 1;
  return 'New server registered.\n';
}

function withServer(haproxy: Haproxy, id: string, then: (server: HaproxyServer) => string): string {
  const server = haproxy.servers.get(id);
  return server === undefined ? `${missing(haproxy, id)}\n` : then(server);
}

function missing({ backends }: Haproxy, id: string): string {
  return backends.includes(id.split('/')[0] ?? '') ? 'No such server.' : 'No such backend.';
}

function setServer(
  haproxy: Haproxy,
  server: HaproxyServer,
  [what = '', value = '', , port = '']: readonly string[],
): string {
  if (what === 'addr') return moveServer(haproxy, server, value, Number(port));
  const state = value as HaproxyServer['state'];
  if (server.state === state) return '';
  const isLeaving = server.state === 'ready';
  server.state = state;
  haproxy.changes += 1;
  if (state === 'ready') {
    server.leavingSince = null;
  } else if (isLeaving) {
    server.leavingSince = haproxy.now();
    server.busyUntil = haproxy.now() + haproxy.lastRequestsMs();
  }
  return '';
}

function moveServer(
  haproxy: Haproxy,
  server: HaproxyServer,
  address: string,
  port: number,
): string {
  const told = [
    server.address === address
      ? 'no need to change the addr'
      : `IP changed from '${server.address}' to '${address}'`,
    server.port === port
      ? 'no need to change the port'
      : `port changed from '${server.port}' to '${port}'`,
  ];
  if (server.address !== address || server.port !== port) haproxy.changes += 1;
  server.address = address;
  server.port = port;
  return `${told.join(', ')} by 'stats socket command'\n`;
}

function deleteServer(haproxy: Haproxy, id: string): string {
  const server = haproxy.servers.get(id);
  if (server === undefined) return missing(haproxy, id);
  if (server.state !== 'maint') return 'Only servers in maintenance mode can be deleted.';
  if (sessionsOf(haproxy, server) > 0) {
    return 'Server still has connections attached to it, cannot remove it.';
  }
  haproxy.servers.delete(id);
  haproxy.changes += 1;
  return 'Server deleted.';
}
