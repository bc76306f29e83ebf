import { isDeepStrictEqual } from 'node:util';

import PQueue from 'p-queue';

import type { Clock } from '../model/clock.ts';
import { label } from '../model/labels.ts';
import type { HostName } from '../model/names.ts';
import type {
  EngineFacts,
  ObservedContainer,
  ObservedImage,
  ObservedNetwork,
  ObservedVolume,
  ReachableHost,
  UnmanagedContainer,
} from '../model/observation.ts';
import type { Dirty } from './dirty.ts';
import type { DockerHost } from './docker-host.ts';
import { enginePath } from './engine-path.ts';
import { compareText } from './normal-form.ts';
import { projectContainer, projectListed, projectUnmanaged } from './project-container.ts';
import { projectEngine, projectNetwork, projectSkew, projectVolume } from './project-engine.ts';
import type { ImageFacts } from './project-image.ts';
import { projectImage, projectImageFacts } from './project-image.ts';
import type {
  WireContainer,
  WireImage,
  WireInfo,
  WireListedContainer,
  WireListedImage,
  WireNetwork,
  WireVersion,
  WireVolume,
} from './wire.ts';

/** How many inspects of one host are under way at once: beyond this an engine gets no faster. */
const concurrentInspects = 16;

/**
 * What is known of one host, built by reading it. The caller reads one thing at a time: two readings that overlap could
 * put an older answer over a newer one.
 */
export class HostPicture {
  readonly #host: HostName;
  readonly #fleet: string;
  readonly #readMs: number;
  readonly #clock: Clock;
  readonly #managed = new Map<string, ObservedContainer>();
  readonly #unmanaged = new Map<string, UnmanagedContainer>();
  readonly #imageFacts = new Map<string, ImageFacts>();
  #networks: readonly ObservedNetwork[] = [];
  #volumes: readonly ObservedVolume[] = [];
  #images: readonly ObservedImage[] = [];
  #engine: EngineFacts | null = null;
  #skewMs = 0;

  constructor(host: HostName, fleet: string, readMs: number, clock: Clock) {
    this.#host = host;
    this.#fleet = fleet;
    this.#readMs = readMs;
    this.#clock = clock;
  }

  /** Reads everything anew. */
  async readAll(client: DockerHost, version: WireVersion, signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#readEngine(client, version, signal),
      this.#readNetworks(client, signal),
      this.#readVolumes(client, signal),
      this.#readImages(client, signal),
    ]);
    await this.#readContainers(client, signal);
  }

  /** Reads what is dirty anew. */
  async readDirty(client: DockerHost, dirty: Dirty, signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#inspectAll(client, [...dirty.containers], signal),
      dirty.networks ? this.#readNetworks(client, signal) : null,
      dirty.volumes ? this.#readVolumes(client, signal) : null,
      dirty.images ? this.#readImages(client, signal) : null,
    ]);
  }

  /** What was read so far as an observation at `now`, watched without a break since `watchedSince`; null before the first full reading. */
  observe(now: number, watchedSince: number): ReachableHost | null {
    if (this.#engine === null) return null;
    return {
      kind: 'reachable',
      host: this.#host,
      observedAt: now,
      watchedSince,
      engine: this.#engine,
      containers: [...this.#managed.values()].toSorted(byName),
      unmanaged: [...this.#unmanaged.values()].toSorted(byName),
      networks: this.#networks,
      volumes: this.#volumes,
      images: this.#images,
    };
  }

  async #readEngine(client: DockerHost, version: WireVersion, signal: AbortSignal): Promise<void> {
    const askedAt = this.#clock.now();
    const info = await this.#get<WireInfo>(client, 'ask the engine for its facts', '/info', signal);
    this.#skewMs = projectSkew(info, askedAt, this.#clock.now(), this.#skewMs);
    this.#engine = keep(this.#engine, projectEngine(version, info, client.apiVersion));
  }

  async #readContainers(client: DockerHost, signal: AbortSignal): Promise<void> {
    const rows = await client.json<readonly WireListedContainer[]>({
      what: 'list containers',
      path: '/containers/json',
      query: { all: '1' },
      deadlineMs: this.#readMs,
      signal,
    });
    const ours = rows.filter((row) => row.Labels?.[label.fleet] === this.#fleet);
    const ourIds = new Set(ours.map((row) => row.Id));
    for (const id of this.#managed.keys()) if (!ourIds.has(id)) this.#managed.delete(id);
    this.#unmanaged.clear();
    for (const row of rows)
      if (!ourIds.has(row.Id)) this.#unmanaged.set(row.Id, projectListed(row));
    await this.#inspectAll(client, [...ourIds], signal);
  }

  async #inspectAll(
    client: DockerHost,
    idsOrNames: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const queue = new PQueue({ concurrency: concurrentInspects });
    await queue.addAll(idsOrNames.map((id) => () => this.#inspect(client, id, signal)));
  }

  async #inspect(client: DockerHost, idOrName: string, signal: AbortSignal): Promise<void> {
    const container = await client.find<WireContainer>({
      what: `inspect container "${idOrName}"`,
      path: enginePath`/containers/${idOrName}/json`,
      deadlineMs: this.#readMs,
      signal,
    });
    if (container === null) {
      this.#managed.delete(idOrName);
      this.#unmanaged.delete(idOrName);
    } else if (container.Config?.Labels?.[label.fleet] === this.#fleet) {
      const observed = projectContainer(this.#host, container, this.#skewMs);
      this.#managed.set(container.Id, keep(this.#managed.get(container.Id) ?? null, observed));
    } else {
      this.#unmanaged.set(container.Id, projectUnmanaged(container));
    }
  }

  async #readNetworks(client: DockerHost, signal: AbortSignal): Promise<void> {
    const what = 'list networks';
    const rows = await this.#get<readonly WireNetwork[]>(client, what, '/networks', signal);
    this.#networks = rows
      .map(projectNetwork)
      .toSorted((a, b) => byName(a, b) || compareText(a.id, b.id));
  }

  async #readVolumes(client: DockerHost, signal: AbortSignal): Promise<void> {
    const what = 'list volumes';
    const answer = await this.#get<{ readonly Volumes?: readonly WireVolume[] | null }>(
      client,
      what,
      '/volumes',
      signal,
    );
    this.#volumes = (answer.Volumes ?? []).map(projectVolume).toSorted(byName);
  }

  /** Images never change under their id, so each is inspected once. */
  async #readImages(client: DockerHost, signal: AbortSignal): Promise<void> {
    const what = 'list images';
    const rows = await this.#get<readonly WireListedImage[]>(client, what, '/images/json', signal);
    const ids = new Set(rows.map((row) => row.Id));
    for (const id of this.#imageFacts.keys()) if (!ids.has(id)) this.#imageFacts.delete(id);
    const queue = new PQueue({ concurrency: concurrentInspects });
    const unknown = [...ids].filter((id) => !this.#imageFacts.has(id));
    await queue.addAll(unknown.map((id) => () => this.#inspectImage(client, id, signal)));
    this.#images = rows
      .flatMap((row) => {
        const facts = this.#imageFacts.get(row.Id);
        return facts === undefined ? [] : [projectImage(facts, row)];
      })
      .toSorted((a, b) => compareText(a.id, b.id));
  }

  async #inspectImage(client: DockerHost, id: string, signal: AbortSignal): Promise<void> {
    const image = await client.find<WireImage>({
      what: `inspect image "${id}"`,
      path: enginePath`/images/${id}/json`,
      deadlineMs: this.#readMs,
      signal,
    });
    if (image !== null) this.#imageFacts.set(id, projectImageFacts(image));
  }

  #get<T>(client: DockerHost, what: string, path: string, signal: AbortSignal): Promise<T> {
    return client.json<T>({ what, path, deadlineMs: this.#readMs, signal });
  }
}

/** The former object when the new one says the same, so that readers can compare by identity. */
function keep<T>(former: T | null, next: T): T {
  return former !== null && isDeepStrictEqual(former, next) ? former : next;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareText(a.name, b.name);
}
