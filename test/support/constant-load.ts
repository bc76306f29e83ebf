import { Agent, request, type ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the load goes, and as which host. */
export interface LoadTarget {
  /** Addresses of proxies, which take turns. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly host: string;
  /**
   * What takes long is on connections of its own. On one that is kept, it may take longer on a busy machine than Caddy's driver
   * waits, and then the next request is one of those that docs/traffic.md says may be lost.
   */
  readonly isLongAlone?: boolean;
}

/** How often a burst is sent, and how many requests are in one. */
const burstMs = 20;
const burstSize = 10;
const mostAtOnce = 5;
/** One of so many bursts has a request that takes long, and one upload. */
const oneSlow = 25;
const slowMs = 2_000;
const uploadPath = '/upload';
/** An upload comes in so many pieces, and is through when a slow request is. */
const uploadPieces = 20;
const piece = 'x'.repeat(4_096);

/**
 * Constant load: 500 requests a second, whether or not the ones before are answered. One in ten is
 * on a connection of its own, the others on connections that are kept, and two a second take two seconds, as do two uploads.
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
    if (this.#bursts % oneSlow !== 0) return;
    const isAlone = this.#target.isLongAlone === true;
    this.#send(`/slow?ms=${slowMs}`, isAlone);
    this.#send(uploadPath, isAlone);
  }

  #send(path: string, isFresh: boolean): void {
    const { addresses, port, host } = this.#target;
    this.#sent += 1;
    this.#open += 1;
    const turn = this.#sent % addresses.length;
    const agent = isFresh ? false : this.#agents[turn];
    const began = performance.now();
    let hasEnded = false;
    const end = (failure: string | null): void => {
      // Whoever is answered in the middle of an upload may be cut off as well.
      if (hasEnded) return;
      hasEnded = true;
      this.#open -= 1;
      const tookMs = performance.now() - began;
      if (failure === null && path === '/') this.#latencies.push(tookMs);
      if (failure === null) return;
      const after = `${Math.round(tookMs)} ms`;
      this.#failures.push(`${path} at ${addresses[turn]}: ${failure} after ${after}`);
    };
    const isUpload = path === uploadPath;
    const length = isUpload ? { 'content-length': uploadPieces * piece.length } : {};
    const headers = { host, ...length };
    const method = isUpload ? 'POST' : 'GET';
    const options = { host: addresses[turn], port, method, path, headers, agent };
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
    if (isUpload) void upload(call);
    else call.end();
  }

  /** Sends no more, and waits for the last answers. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    while (this.#open > 0) {
      await sleep(burstMs);
    }
    for (const agent of this.#agents) agent.destroy();
  }
}

async function upload(call: ClientRequest): Promise<void> {
  for (let sent = 0; sent < uploadPieces && !call.destroyed; sent += 1) {
    call.write(piece);
    await sleep(slowMs / uploadPieces);
  }
  if (!call.destroyed) call.end();
}
