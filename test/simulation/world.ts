import type { DesiredState } from '../../src/model/desired.ts';
import { label } from '../../src/model/labels.ts';
import type { CommitSha } from '../../src/model/names.ts';
import { composedImage, registryHost, openRegistry } from './catalog.ts';
import { SimulatedEngine } from './engine/simulated-engine.ts';
import { JournalStore } from './journal-store.ts';
import type { HostMark, RepositoryModel } from './manifest-files.ts';
import { renderFiles } from './manifest-files.ts';
import { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { SimulatedHost } from './simulated-host.ts';
import { SimulatedRepository } from './simulated-repository.ts';
import { Trace } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';

const startAt = Date.UTC(2026, 0, 1);

/** How often each kind of thing happened, for the summary. */
export interface Counts {
  commits: number;
  rollouts: number;
  rollbacks: number;
  crashes: number;
  journalsLost: number;
  partitions: number;
  hostsLost: number;
  reboots: number;
  steps: number;
  checks: number;
  events: number;
  virtualMs: number;
}

export function noCounts(): Counts {
  return {
    commits: 0,
    rollouts: 0,
    rollbacks: 0,
    crashes: 0,
    journalsLost: 0,
    partitions: 0,
    hostsLost: 0,
    reboots: 0,
    steps: 0,
    checks: 0,
    events: 0,
    virtualMs: 0,
  };
}

/** Everything around the operator. */
export class World implements Disposable {
  readonly scenario: Scenario;
  readonly clock = new VirtualClock(startAt);
  readonly trace = new Trace(this.clock.now);
  readonly counts = noCounts();
  readonly registry = openRegistry();
  readonly hosts: ReadonlyMap<string, SimulatedHost>;
  readonly repository: SimulatedRepository;
  readonly store = new JournalStore(this.clock.now);
  /** What each commit holds. */
  readonly models = new Map<CommitSha, RepositoryModel>();
  readonly random: Random;
  /** What fleet.yaml says of hosts. */
  readonly marks = new Map<string, HostMark>();
  /** What the operator follows. */
  accepted: DesiredState | null = null;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.random = new Random(scenario.seed).split('world');
    this.repository = new SimulatedRepository(this.clock, this.random.split('git'));
    const { registry } = this;
    this.hosts = new Map(
      scenario.hosts.map(({ name, address, apiVersion, skewMs }) => {
        const random = this.random.split(name);
        const engine = new SimulatedEngine({
          name,
          clock: this.clock,
          skewMs,
          random: random.split('engine').next,
          registry,
          isThere: (address, port) => this.#isThere(address, port),
          apiVersion,
        });
        const link = random.split('link');
        const host = new SimulatedHost(name, address, engine, this.clock, link);
        host.link.calm(scenario.latencyMs);
        for (const { image, name: stranger, labels } of strangers) {
          engine.load(image, strangerImage);
          engine.person.run(image, stranger, labels, []);
        }
        return [name, host];
      }),
    );
    this.#compose();
  }

  /** What `docker-compose up` has left on the first host. */
  #compose(): void {
    const [host] = this.hosts.values();
    const { composed = 0 } = this.scenario;
    const image = `${registryHost}/${composedImage.name}`;
    if (composed > 0) host?.engine.load(image, composedImage.definition);
    for (let number = 1; number <= composed; number += 1) {
      const labels = {
        [label.composeProject]: composeProject,
        [label.composeService]: 'web',
        [label.composeNumber]: String(number),
      };
      host?.engine.person.run(image, `${composeProject}_web_${number}`, labels, []);
    }
  }

  #isThere(address: string, port: number): boolean {
    const host = [...this.hosts.values()].find((one) => one.address === address);
    return host !== undefined && host.state !== 'off' && host.engine.probe(port) !== 'refused';
  }

  host(name: string): SimulatedHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host "${name}"`);
    return host;
  }

  /** Pushes a commit. */
  commit(model: RepositoryModel, subject: string): void {
    const files = renderFiles(model, { ...this.scenario, marks: this.marks });
    const commit = this.repository.push(files, subject);
    this.models.set(commit, model);
    this.counts.commits += 1;
    this.trace.add('git', `commit ${commit.slice(0, 7)} "${subject}"`);
  }

  /** Pushes a commit that changes nothing but what fleet.yaml says of a host; one host at least is left to be used. */
  mark(host: string, mark: HostMark | null): void {
    if (mark === null) this.marks.delete(host);
    else this.marks.set(host, mark);
    if (this.marks.size === this.hosts.size) this.marks.delete(host);
    const [model = this.scenario.first] = [...this.models.values()].toReversed();
    this.commit(model, `${host}: ${Object.keys(mark ?? { open: true }).join('')}`);
  }

  /** Milliseconds since the start of the run. */
  get elapsedMs(): number {
    return this.clock.now() - startAt;
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }
}

/** The project of what somebody has run with Compose. */
export const composeProject = 'old';

/** Containers of this name come and go as somebody likes. */
export const guestPrefix = 'guest-';

/** What somebody else runs on every host: it is none of our business. */
export const strangers = [
  { image: `${registryHost}/foreign:1`, name: 'postgres', labels: {} },
  {
    image: `${registryHost}/foreign:1`,
    name: 'theirs-web-1-00000000',
    labels: { 'fleetwright.fleet': 'another-fleet', 'fleetwright.app': 'shop' },
  },
] as const;

const strangerImage = { behaviour: { listensAfterMs: 0 } };
