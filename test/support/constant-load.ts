import { Agent, request } from 'node:http';

/** Where the load goes, and as which host. */
export interface LoadTarget {
  /** Addresses of proxies, which take turns. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly host: string;
}

/** How often a burst is sent, and how many requests are in one. */
const burstMs = 20;
const burstSize = 10;
const mostAtOnce = 5;
/** One of so many bursts has a request that takes long. */
const oneSlow = 25;
const slowMs = 2_000;

/**
 * Constant load: 500 requests a second, whether or not the ones before are answered. One in ten is
 * on a connection of its own, the others on connections that are kept, and two a second take two seconds.
 */
export class ConstantLoad implements AsyncDisposable {
  readonly #target: LoadTarget;
  readonly #agents: readonly Agent[];
  readonly #failures: string[] = [];
  readonly #versions = new Set<string>();
  #latencies: number[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #beganAt = performance.now();
  #turns = 0;
  #bursts = 0;
  #sent = 0;
  #open = 0;

  constructor(target: LoadTarget) {
    this.#target = target;
    // In turn, so that none rests for the three seconds after which Caddy may close it just when a request is sent.
    const options = { keepAlive: true, maxSockets: 64, scheduling: 'fifo' } as const;
    this.#agents = target.addresses.map(() => new Agent(options));
    this.#timer = setInterval(() => this.#catchUp(), burstMs);
  }

  /** What was not answered as it should be, in words. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  get sent(): number {
    return this.#sent;
  }

  /** Requests that are not answered yet. */
  get open(): number {
    return this.#open;
  }

  /** Bodies of the answers since it was asked last. */
  takeVersions(): ReadonlySet<string> {
    const versions = new Set(this.#versions);
    this.#versions.clear();
    return versions;
  }

  /** What the answers since it was asked last took, in milliseconds; those that take long on purpose are left out. */
  takeLatencies(): readonly number[] {
    const latencies = this.#latencies;
    this.#latencies = [];
    return latencies;
  }

  /** Where others take the time of this machine, what is late comes together; what is too late is left out. */
  #catchUp(): void {
    const due = Math.floor((performance.now() - this.#beganAt) / burstMs);
    const late = due - this.#turns;
    this.#turns = due;
    for (let count = Math.min(late, mostAtOnce); count > 0; count -= 1) this.#burst();
  }

  #burst(): void {
    this.#bursts += 1;
    for (let index = 0; index < burstSize; index += 1) this.#send('/', index === 0);
    if (this.#bursts % oneSlow === 0) this.#send(`/slow?ms=${slowMs}`, false);
  }

  #send(path: string, isFresh: boolean): void {
    const { addresses, port, host } = this.#target;
    this.#sent += 1;
    this.#open += 1;
    const turn = this.#sent % addresses.length;
    const agent = isFresh ? false : this.#agents[turn];
    const began = performance.now();
    const end = (failure: string | null): void => {
      this.#open -= 1;
      const tookMs = performance.now() - began;
      if (failure === null && path === '/') this.#latencies.push(tookMs);
      if (failure === null) return;
      const after = `${Math.round(tookMs)} ms`;
      this.#failures.push(`${path} at ${addresses[turn]}: ${failure} after ${after}`);
    };
    const options = { host: addresses[turn], port, path, headers: { host }, agent };
    const call = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('error', (error) => end(error.message));
      response.on('end', () => {
        if (response.statusCode !== 200) return end(`HTTP ${response.statusCode}`);
        this.#versions.add(body);
        return end(null);
      });
    });
    call.on('error', (error) => end(error.message));
    call.end();
  }

  /** Sends no more, and waits for the last answers. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    while (this.#open > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, burstMs);
      });
    }
    for (const agent of this.#agents) agent.destroy();
  }
}
