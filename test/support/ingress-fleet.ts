import type { Entry, History } from '../../src/generated/history.ts';
import type { Status } from '../../src/generated/status.ts';
import type { ProxyRole } from '../../src/model/traffic.ts';
import type { HostDescription } from '../../src/sandbox/sandbox-host.ts';
import type { Daemon, Watch } from './command-line.ts';
import { Commands, fleetwright } from './command-line.ts';
import { ConfigRepository } from './config-repository.ts';
import { ConstantLoad } from './constant-load.ts';
import { listContainers, type ListedContainer } from './containers.ts';
import { eventually } from './eventually.ts';
import { clearHosts, shellOf } from './sandbox.ts';

const site = 'shop.example.com';
/** Where the proxies listen. */
const port = 8000;
/** Far more than it takes where nothing else runs. */
const patienceMs = 180_000;

interface IngressSetup {
  readonly hosts: readonly HostDescription[];
  readonly credentials: string;
  /** Its name. */
  readonly fleet: string;
  /** What fleet.yaml says of the proxies. */
  readonly ingress: { readonly driver: 'haproxy' | 'caddy'; readonly service: string };
  /** The key that it says it under; `ingress` when left out. */
  readonly role?: ProxyRole;
  /** Instances of the shop. */
  readonly replicas: number;
  /** What the repository holds beside fleet.yaml and the shop. */
  readonly files: Readonly<Record<string, string | object>>;
}

/** A fleet with proxies on two of its hosts, a daemon, and load that comes in through both all the while. */
export class IngressFleet implements AsyncDisposable {
  readonly repository: ConfigRepository;
  readonly load: ConstantLoad;
  readonly #setup: IngressSetup;
  readonly #commands: Commands;
  readonly #watch: Watch<Status>;
  #daemon: Daemon;

  /** All is deployed. */
  static async start(setup: IngressSetup): Promise<IngressFleet> {
    const { fleet, hosts, credentials } = setup;
    const repository = await ConfigRepository.create(fleet, hosts);
    try {
      const commands = new Commands(repository, credentials);
      await deploy(setup, repository, commands);
      return new IngressFleet(setup, repository, commands);
    } catch (error) {
      await clear(setup, repository);
      throw error;
    }
  }

  private constructor(setup: IngressSetup, repository: ConfigRepository, commands: Commands) {
    this.#setup = setup;
    this.repository = repository;
    this.#commands = commands;
    this.load = this.loadTo(site);
    this.#daemon = commands.start('--poll-interval=1s');
    this.#watch = commands.watch();
  }

  /** @param addresses of proxies; all by default */
  loadTo(host: string, addresses: readonly string[] = this.#addresses): ConstantLoad {
    const isLongAlone = this.#setup.ingress.driver === 'caddy';
    return new ConstantLoad({ addresses, port, host, isLongAlone });
  }

  get #addresses(): readonly string[] {
    return this.#setup.hosts.slice(0, 2).map(({ address }) => address);
  }

  containers(): Promise<readonly ListedContainer[]> {
    return listContainers(this.#setup.hosts, this.#setup.fleet);
  }

  async shops(): Promise<readonly ListedContainer[]> {
    return (await this.containers()).filter(({ application }) => application === 'shop');
  }

  async writeShop(image: string, replicas: number): Promise<void> {
    await this.repository.write('shop/compose.yaml', shopManifest(image, replicas));
  }

  /** @param ingress what is other than usual in it */
  async writeFleet(draining: readonly string[], ingress: object = {}): Promise<void> {
    const all = { ...this.#setup.ingress, ...ingress };
    await this.repository.write('fleet.yaml', fleetFile(this.#setup, draining, all));
  }

  /** Commits what was written, and waits until the daemon has nothing left to do about it. */
  async land(what: string, reason = 'Converged', application = 'shop'): Promise<void> {
    const commit = await this.repository.commit(what);
    const isThrough = async (): Promise<true | null> => {
      const last = this.#watch.documents().at(-1);
      if (last?.revision.commit !== commit) return null;
      const isDone =
        reason === 'Converged' ? last.converged : saysOf(last, 'Ready', application) === reason;
      // All may be in place before the last requests are answered: the end is written down after that.
      const isWritten = last.applications.every(({ rollout }) => rollout === null);
      if (!isDone || !isWritten) return null;
      const found = await this.containers();
      return found.every(({ state }) => state === 'running') ? true : null;
    };
    await eventually(`${what} is through`, isThrough, patienceMs);
  }

  /** Commits what was written, and waits until it is said why it cannot go on. */
  async landStalled(what: string, reason: string): Promise<void> {
    const commit = await this.repository.commit(what);
    const isSaid = async (): Promise<true | null> => {
      const last = this.#watch.documents().at(-1);
      if (last?.revision.commit !== commit) return null;
      return saysOf(last, 'Stalled') === reason ? true : null;
    };
    await eventually('it is said', isSaid, patienceMs);
  }

  /** What the history says of the last of these. */
  async lastOf(application: string, kind: Entry['kind']): Promise<Entry | undefined> {
    const state = `--state=${this.repository.beside('state')}`;
    const { stdout } = await fleetwright('history', application, state, '--output=json');
    return (JSON.parse(stdout) as History).entries.find((entry) => entry.kind === kind);
  }

  /** Kills the daemon and starts it again. */
  async replaceDaemon(): Promise<void> {
    await this.#daemon.end('SIGKILL');
    this.#daemon = this.#commands.start('--poll-interval=1s');
  }

  /** The load has been answered so since now. */
  async isAnswered(version: string): Promise<void> {
    this.load.takeVersions();
    await eventually('answers', async () => (this.load.takeVersions().has(version) ? true : null));
  }

  /**
   * Restarts the proxy of the second host: its own requests are lost with it. Gives what was lost by those who come in
   * through the other one, when it answers again.
   */
  async restartProxy(): Promise<readonly string[]> {
    const [, host] = this.#setup.hosts;
    const all = await this.containers();
    const proxy = all.find((one) => one.application === 'edge' && one.host === host?.name);
    if (host === undefined || proxy === undefined) throw new Error('there is no proxy');
    await this.load[Symbol.asyncDispose]();
    const [first = '', second = ''] = this.#addresses;
    await using beside = this.loadTo(site, [first]);
    await shellOf(host).getContainer(proxy.id).restart({ t: 0 });
    await using through = this.loadTo(site, [second]);
    for (const load of [through, beside]) {
      await eventually('answers', async () => (load.takeVersions().size > 0 ? true : null));
    }
    return beside.failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const parts: readonly AsyncDisposable[] = [this.load, this.#watch, this.#daemon];
    try {
      await Promise.all(parts.map(async (part) => await part[Symbol.asyncDispose]()));
    } finally {
      await clear(this.#setup, this.repository);
    }
  }
}

async function deploy(
  setup: IngressSetup,
  repository: ConfigRepository,
  commands: Commands,
): Promise<void> {
  const { files, ingress, replicas } = setup;
  await repository.write('fleet.yaml', fleetFile(setup, [], ingress));
  await repository.write('shop/compose.yaml', shopManifest('testapp:v1', replicas));
  for (const [path, content] of Object.entries(files)) await repository.write(path, content);
  await repository.commit('v1');
  const { code, stderr, status } = await commands.sync('--timeout=120s');
  if (code !== 0) throw new Error(`${stderr}\n${JSON.stringify(status, null, 1)}`);
}

/** Takes away what was deployed, and the folder. */
async function clear({ hosts, fleet }: IngressSetup, repository: ConfigRepository): Promise<void> {
  try {
    await clearHosts(hosts, fleet);
  } finally {
    await repository[Symbol.asyncDispose]();
  }
}

/** The reason that an application gives for a condition. */
function saysOf(
  { applications }: Status,
  type: 'Ready' | 'Stalled',
  name = 'shop',
): string | undefined {
  const own = applications.find(({ application }) => application === name);
  return own?.conditions.find((one) => one.type === type)?.reason;
}

function fleetFile(
  { fleet, hosts, role = 'ingress' }: IngressSetup,
  draining: readonly string[],
  ingress: object,
): object {
  return {
    name: fleet,
    [role]: ingress,
    hosts: hosts.map(({ name, endpoint, address }, index) => ({
      name,
      endpoint,
      address,
      labels: { zone: String.fromCodePoint(97 + index) },
      drain: draining.includes(name),
    })),
  };
}

export function shopManifest(
  image: string,
  replicas: number,
  host = site,
  drainTimeout = '10s',
): object {
  return {
    services: {
      web: {
        image,
        deploy: { replicas, update_config: { parallelism: 3, monitor: '200ms' } },
        'x-fleetwright': {
          gate: {
            http: { port: 8080, path: '/ready' },
            minHealthyTime: '100ms',
            healthyDeadline: '10s',
          },
          expose: {
            host,
            port: 8080,
            drainTimeout,
            ...(host === site ? { proof: { interval: '100ms' } } : {}),
          },
        },
      },
    },
  };
}

/** The manifest of the proxies: one on each host but the third, which is ready as soon as it listens. */
export function edgeManifest(name: string, service: object): object {
  return {
    services: {
      [name]: {
        ports: [`${port}:${port}`],
        deploy: {
          mode: 'global',
          placement: { constraints: ['node.labels.zone != c'] },
          update_config: { monitor: '200ms' },
        },
        'x-fleetwright': { gate: { http: { port, path: '/proxy' }, minHealthyTime: '100ms' } },
        ...service,
      },
    },
  };
}
