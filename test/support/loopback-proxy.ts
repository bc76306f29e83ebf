import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CommandEnd, Fleet } from '../../src/fleet/fleet.ts';
import { toContainerId, toHostName } from '../../src/model/names.ts';
import type { ProxyGroup, ProxyState, TrafficChange } from '../../src/model/traffic.ts';
import { caddyRouter } from '../../src/traffic/caddy-router.ts';
import { haproxyRouter } from '../../src/traffic/haproxy-router.ts';
import type { ProxyAnswer, TrafficRouter } from '../../src/traffic/traffic-router.ts';
import { origin } from './builders.ts';
import { eventually } from './eventually.ts';
import { installedProgram } from './installed-program.ts';

type Driver = ProxyGroup['driver'];

/** A real proxy on loopback, which the driver asks and tells with the commands that it would run in a container. */
export class LoopbackProxy implements AsyncDisposable {
  /** Where requests come in. */
  readonly port: number;
  /** Of HAProxy, where connections come in that are no HTTP: they are for the backend `shop:db`. */
  readonly streamPort: number;
  /** Of the API that the driver speaks to. */
  readonly apiPort: number;
  /** As it was started with it. */
  readonly configuration: string;
  /** Path of the map file of HAProxy. */
  readonly routes: string;
  /** Called before each command, with what it is given. */
  beforeCommand: (words: readonly string[]) => Promise<void> = async () => {};
  readonly #router: TrafficRouter;
  readonly #folder: string;
  readonly #command: readonly string[];
  readonly #ask: readonly string[];
  #child: ChildProcess;

  /** @param backends `APPLICATION:SERVICE` each */
  static async start(driver: Driver, backends: readonly string[]): Promise<LoopbackProxy> {
    const [port = 0, apiPort = 0, streamPort = 0] = await freePorts(3);
    const folder = await mkdtemp(join(tmpdir(), 'fleetwright-proxy-'));
    const routes = join(folder, 'routes.map');
    await writeFile(routes, '');
    const config = join(folder, driver);
    const ports = { port, apiPort, streamPort };
    const [text, args] =
      driver === 'haproxy'
        ? [haproxyConfig(ports, routes, backends), ['-db', '-f', config]]
        : [caddyConfig(ports, backends), ['run', '--config', config]];
    await writeFile(config, text);
    const command = [await installedProgram(driver), ...args];
    const busybox = await installedProgram('busybox');
    const ask = [busybox, 'nc', '127.0.0.1', String(apiPort)];
    const own = { application: 'edge', service: 'x', command: ask, routes, origin };
    const group = { role: 'ingress', driver, ...own } as const;
    const proxy = new LoopbackProxy({ ports, folder, command, group, configuration: text });
    await proxy.#isUp();
    return proxy;
  }

  private constructor({ ports, folder, command, group, configuration }: Parts) {
    this.port = ports.port;
    this.apiPort = ports.apiPort;
    this.streamPort = ports.streamPort;
    this.configuration = configuration;
    this.routes = group.routes;
    this.#folder = folder;
    this.#command = command;
    this.#ask = group.command;
    this.#child = this.#spawn();
    const fleet: Pick<Fleet, 'ask'> = {
      ask: async (_host, _container, words) => {
        await this.beforeCommand(words);
        return await endOf(words);
      },
    };
    // Nobody keeps a connection: there is nothing to wait for.
    this.#router =
      group.driver === 'caddy'
        ? caddyRouter(fleet, group, { ending: 0, settling: 0 })
        : haproxyRouter(fleet, group);
  }

  ask(changes: readonly TrafficChange[]): Promise<ProxyAnswer> {
    const proxy = { host: toHostName('host-1'), container: toContainerId('proxy') };
    return this.#router.ask(proxy, changes, new AbortController().signal);
  }

  /** What it says to a line of commands, in its own words. */
  async say(line: string): Promise<string> {
    const script = String.raw`printf '%s\n' "$0" | "$@"`;
    const { output } = await endOf(['sh', '-c', script, line, ...this.#ask]);
    return output.toString();
  }

  /** How it stands after changes, which it answers. */
  async tell(...changes: readonly TrafficChange[]): Promise<ProxyState> {
    const answer = await this.ask(changes);
    if (typeof answer === 'string') throw new Error(answer);
    return answer.state;
  }

  /** It is gone, and nobody has told it to go. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  async startAnew(): Promise<void> {
    this.#child = this.#spawn();
    await this.#isUp();
  }

  #spawn(): ChildProcess {
    const [program = '', ...args] = this.#command;
    const env = { ...process.env, HOME: this.#folder, XDG_CONFIG_HOME: this.#folder };
    return spawn(program, args, { stdio: 'ignore', env });
  }

  async #isUp(): Promise<void> {
    await eventually('the proxy answers', async () => {
      return typeof (await this.ask([])) === 'string' ? null : true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

interface Parts {
  readonly ports: Ports;
  readonly folder: string;
  /** That starts it. */
  readonly command: readonly string[];
  readonly group: ProxyGroup;
  readonly configuration: string;
}

interface Ports {
  readonly port: number;
  readonly apiPort: number;
  readonly streamPort: number;
}

function haproxyConfig(ports: Ports, routes: string, backends: readonly string[]): string {
  return [
    `global`,
    `  stats socket ipv4@127.0.0.1:${ports.apiPort} level admin`,
    'defaults ingress',
    '  mode http',
    '  timeout connect 1s',
    '  timeout client 60s',
    '  timeout server 60s',
    'frontend web from ingress',
    `  bind 127.0.0.1:${ports.port}`,
    '  http-request set-var(txn.path) path',
    '  http-request set-var(txn.route) req.hdr(host),field(1,:),lower,concat(,txn.path,/)',
    `  use_backend %[var(txn.route),map_beg(${routes})]`,
    'frontend stream from ingress',
    '  mode tcp',
    `  bind 127.0.0.1:${ports.streamPort}`,
    '  default_backend shop:db',
    ...backends.flatMap((name) => [`backend ${name} from ingress`, '  balance roundrobin']),
    'backend shop:db from ingress',
    '  mode tcp',
    '  balance roundrobin',
    '',
  ].join('\n');
}

function caddyConfig({ port, apiPort }: Ports, backends: readonly string[]): string {
  const routes = backends.map((name) => ({
    '@id': name,
    handle: [{ handler: 'reverse_proxy' }],
  }));
  const web = {
    listen: [`127.0.0.1:${port}`],
    automatic_https: { disable: true },
    routes: [
      { handle: [{ '@id': 'fleetwright', handler: 'subroute', routes }] },
      { handle: [{ handler: 'static_response', status_code: 503 }] },
    ],
  };
  return JSON.stringify({
    admin: { listen: `127.0.0.1:${apiPort}`, origins: ['127.0.0.1:2019'] },
    apps: { http: { servers: { web } } },
  });
}

/** Runs a command of this machine as if it were in the container of the proxy. */
function endOf([program = '', ...args]: readonly string[]): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes: Buffer) => output.push(bytes));
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(output) }));
  });
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
