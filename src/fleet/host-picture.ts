import { isDeepStrictEqual } from 'node:util';

import PQueue from 'p-queue';

import type { AdoptionInterest } from '../model/adoption.ts';
import { isOfInterest, noInterest } from '../model/adoption.ts';
import type { Clock } from '../model/clock.ts';
import type { FileStamps } from '../model/file-stamps.ts';
import { hasLiveFiles } from '../model/file-stamps.ts';
import { label } from '../model/labels.ts';
import type { ContainerId, HostName } from '../model/names.ts';
import type {
  EngineFacts,
  ObservedContainer,
  ObservedImage,
  ObservedNetwork,
  ObservedVolume,
  ReachableHost,
  UnmanagedContainer,
} from '../model/observation.ts';
import type { ChangeLog } from './change-log.ts';
import type { Dirty } from './dirty.ts';
import type { DockerHost } from './docker-host.ts';
import { enginePath } from './engine-path.ts';
import { compareText, containerName } from './normal-form.ts';
import type { FileWatch } from './file-watch.ts';
import { projectContainer, projectListed, projectUnmanaged } from './project-container.ts';
import { projectEngine, projectNetwork, projectSkew, projectVolume } from './project-engine.ts';
import type { ImageFacts } from './project-image.ts';
import { projectImage, projectImageFacts } from './project-image.ts';
import { ReadingOrder } from './reading-order.ts';
import { readTold } from './told-files.ts';
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

export interface PictureParts {
  readonly host: HostName;
  /** Value of the label `fleetwright.fleet` of the containers to inspect. */
  readonly fleet: string;
  /** How long one reading may take, in milliseconds. */
  readonly readMs: number;
  readonly clock: Clock;
  readonly files: FileWatch;
  readonly changes: ChangeLog;
}

/** What is known of one host, built by reading it. Readings may overlap: an answer never replaces one asked for later. */
export class HostPicture {
  /** Containers of others that are read in full too. It holds from the next full reading on. */
  interest: AdoptionInterest = noInterest;
  readonly #host: HostName;
  readonly #fleet: string;
  readonly #readMs: number;
  readonly #clock: Clock;
  readonly #order = new ReadingOrder();
  /** The last full list of containers: what an older answer says of a container that it lacks is past. */
  #listed: { readonly reading: number; readonly ids: ReadonlySet<string> } = {
    reading: 0,
    ids: new Set(),
  };
  readonly #managed = new Map<string, ObservedContainer>();
  readonly #unmanaged = new Map<string, UnmanagedContainer>();
  readonly #files: FileWatch;
  readonly #changes: ChangeLog;
  #imageFacts: ReadonlyMap<string, ImageFacts> = new Map();
  #networks: readonly ObservedNetwork[] = [];
  #volumes: readonly ObservedVolume[] = [];
  #images: readonly ObservedImage[] = [];
  #engine: EngineFacts | null = null;
  #skewMs = 0;

  constructor({ host, fleet, readMs, clock, files, changes }: PictureParts) {
    this.#files = files;
    this.#changes = changes;
    this.#host = host;
    this.#fleet = fleet;
    this.#readMs = readMs;
    this.#clock = clock;
  }

  /** How far the clock of the host is ahead of ours, in milliseconds, as of the last full reading. */
  get skewMs(): number {
    return this.#skewMs;
  }

  /** Whether a container is read in full, as far as it has been seen. */
  readonly isManaged = (container: ContainerId): boolean => this.#managed.has(container);

  /** Reads everything anew. */
  async readAll(client: DockerHost, version: WireVersion, signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#readEngine(client, version, signal),
      this.#readNetworks(client, signal),
      this.#readVolumes(client, signal),
      this.#readImages(client, signal),
    ]);
    await this.#readContainers(client, signal);
    await this.#files.look(client, [...this.#managed.values()], signal);
  }

  /** Reads what is dirty anew. */
  async readDirty(client: DockerHost, dirty: Dirty, signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#inspectAll(client, [...dirty.containers], signal),
      dirty.networks ? this.#readNetworks(client, signal) : null,
      dirty.volumes ? this.#readVolumes(client, signal) : null,
      dirty.images ? this.#readImages(client, signal) : null,
    ]);
    const rewritten = [...dirty.files].flatMap((id) => this.#managed.get(id) ?? []);
    await this.#files.lookAgain(client, rewritten, signal);
  }

  /** What was read so far as an observation at `now`, watched without a break since `watchedSince`; null before the first full reading. */
  observe(now: number, watchedSince: number): ReachableHost | null {
    if (this.#engine === null) return null;
    const changes = this.#changes.changes(this.#skewMs);
    return {
      kind: 'reachable',
      host: this.#host,
      observedAt: now,
      watchedSince,
      engine: this.#engine,
      containers: [...this.#managed.values()].map(this.#withAltered).toSorted(byName),
      unmanaged: [...this.#unmanaged.values()].toSorted(byName),
      networks: this.#networks,
      volumes: this.#volumes,
      images: this.#images,
      ...(changes.length === 0 ? {} : { changes }),
    };
  }

  readonly #withAltered = (container: ObservedContainer): ObservedContainer => {
    const altered = this.#files.alteredIn(container.id);
    return altered === undefined ? container : { ...container, altered };
  };

  async #readEngine(client: DockerHost, version: WireVersion, signal: AbortSignal): Promise<void> {
    const askedAt = this.#clock.now();
    const info = await this.#get<WireInfo>(client, 'ask the engine for its facts', '/info', signal);
    this.#skewMs = projectSkew(info, askedAt, this.#clock.now(), this.#skewMs);
    this.#engine = keep(this.#engine, projectEngine(version, info, client.apiVersion));
  }

  async #readContainers(client: DockerHost, signal: AbortSignal): Promise<void> {
    await this.#order.run(async (reading) => {
      const rows = await client.json<readonly WireListedContainer[]>({
        what: 'list containers',
        path: '/containers/json',
        query: { all: '1' },
        deadlineMs: this.#readMs,
        signal,
      });
      if (reading < this.#listed.reading) return;
      const ids = new Set(rows.map((row) => row.Id));
      this.#listed = { reading, ids };
      for (const id of [...this.#managed.keys(), ...this.#unmanaged.keys()]) {
        if (!ids.has(id)) this.#forget(id, reading);
      }
      const listed = rows.map(projectListed);
      for (const container of listed) {
        if (!this.#isRead(container) && this.#order.takes(container.id, reading)) {
          this.#unmanaged.set(container.id, container);
          this.#managed.delete(container.id);
        }
      }
      const read = listed.filter((container) => this.#isRead(container)).map(({ id }) => id);
      await this.#inspectAll(client, read, signal);
    });
  }

  /** Whether a container is read in full: it is ours, or is to become so. */
  #isRead(container: UnmanagedContainer): boolean {
    return container.labels[label.fleet] === this.#fleet || isOfInterest(this.interest, container);
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
    await this.#order.run(async (reading) => {
      const container = await client.find<WireContainer>({
        what: `inspect container "${idOrName}"`,
        path: enginePath`/containers/${idOrName}/json`,
        deadlineMs: this.#readMs,
        signal,
      });
      if (container === null) return this.#forget(idOrName, reading);
      const told = await this.#readTold(client, container, signal);
      if (this.#takeContainer(container, told, reading)) {
        await this.#inspectAll(client, this.#namesakes(container), signal);
      }
    });
  }

  /** What a container of ours was told of its files; undefined: it has none that change while it runs. */
  async #readTold(
    client: DockerHost,
    container: WireContainer,
    signal: AbortSignal,
  ): Promise<FileStamps | undefined> {
    const { labels } = projectUnmanaged(container);
    if (labels[label.fleet] !== this.#fleet || !hasLiveFiles(labels)) return undefined;
    const told = await readTold(client, container.Id, this.#readMs, signal);
    return told ?? this.#managed.get(container.Id)?.told;
  }

  /** A name has one container at a time: the others that had it are gone or renamed, whether or not an event said so yet. */
  #namesakes(container: WireContainer): readonly string[] {
    const name = containerName(container);
    return [...this.#managed.values(), ...this.#unmanaged.values()]
      .filter((other) => other.name === name && other.id !== container.Id)
      .map(({ id }) => id);
  }

  /** Gives false when the answer is older than what is known. */
  #takeContainer(container: WireContainer, told: FileStamps | undefined, reading: number): boolean {
    const { Id: id } = container;
    const listed = this.#listed;
    if (reading < listed.reading && !listed.ids.has(id)) return false;
    if (!this.#order.takes(id, reading)) return false;
    const unmanaged = projectUnmanaged(container);
    if (this.#isRead(unmanaged)) {
      const projected = projectContainer(this.#host, container, this.#skewMs);
      const observed = told === undefined ? projected : { ...projected, told };
      this.#managed.set(id, keep(this.#managed.get(id) ?? null, observed));
      this.#unmanaged.delete(id);
    } else {
      this.#unmanaged.set(id, unmanaged);
      this.#managed.delete(id);
    }
    return true;
  }

  #forget(id: string, reading: number): void {
    if (!this.#order.takes(id, reading)) return;
    this.#managed.delete(id);
    this.#unmanaged.delete(id);
  }

  async #readNetworks(client: DockerHost, signal: AbortSignal): Promise<void> {
    await this.#order.run(async (reading) => {
      const what = 'list networks';
      const rows = await this.#get<readonly WireNetwork[]>(client, what, '/networks', signal);
      if (!this.#order.takes('networks', reading)) return;
      this.#networks = rows
        .map(projectNetwork)
        .toSorted((a, b) => byName(a, b) || compareText(a.id, b.id));
    });
  }

  async #readVolumes(client: DockerHost, signal: AbortSignal): Promise<void> {
    await this.#order.run(async (reading) => {
      const what = 'list volumes';
      const answer = await this.#get<{ readonly Volumes?: readonly WireVolume[] | null }>(
        client,
        what,
        '/volumes',
        signal,
      );
      if (!this.#order.takes('volumes', reading)) return;
      this.#volumes = (answer.Volumes ?? []).map(projectVolume).toSorted(byName);
    });
  }

  /** Images never change under their id, so each is inspected once. */
  async #readImages(client: DockerHost, signal: AbortSignal): Promise<void> {
    await this.#order.run(async (reading) => {
      const what = 'list images';
      const path = '/images/json';
      const rows = await this.#get<readonly WireListedImage[]>(client, what, path, signal);
      // Of its own, since an older reading may end, and forget what it did not see, before this one does.
      const facts = new Map<string, ImageFacts>();
      const queue = new PQueue({ concurrency: concurrentInspects });
      const ids = [...new Set(rows.map((row) => row.Id))];
      await queue.addAll(
        ids.map((id) => async () => {
          const known = this.#imageFacts.get(id) ?? (await this.#inspectImage(client, id, signal));
          if (known !== null) facts.set(id, known);
        }),
      );
      if (!this.#order.takes('images', reading)) return;
      this.#imageFacts = facts;
      this.#images = rows
        .flatMap((row) => {
          const known = facts.get(row.Id);
          return known === undefined ? [] : [projectImage(known, row)];
        })
        .toSorted((a, b) => compareText(a.id, b.id));
    });
  }

  async #inspectImage(
    client: DockerHost,
    id: string,
    signal: AbortSignal,
  ): Promise<ImageFacts | null> {
    const image = await client.find<WireImage>({
      what: `inspect image "${id}"`,
      path: enginePath`/images/${id}/json`,
      deadlineMs: this.#readMs,
      signal,
    });
    return image === null ? null : projectImageFacts(image);
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
