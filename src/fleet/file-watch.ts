import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import { isBelow } from '../model/delivered.ts';
import { messageOf } from '../model/errors.ts';
import { isWritable, keyOfStamp, readStamps, type FileStamps } from '../model/file-stamps.ts';
import type { ObservedContainer } from '../model/observation.ts';
import { keyName, type InstallationKey } from '../model/sealed.ts';
import { withDeadline } from './deadline.ts';
import type { DockerHost } from './docker-host.ts';
import { readStampsOf } from './read-stamp.ts';

/** A host may have many files: with each full list those of a few containers are read, the others in their turn. */
const firstLook = 64;
const laterLook = 8;
/** The list waits for it, and the host for the list. */
const lookMs = 5_000;

export interface FileWatchParts {
  /** Seals what is read of a secret, to compare it; null: no secret is looked at. */
  readonly key: InstallationKey | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Looks whether the files of containers are still as they were delivered, which no event tells. Only what a container may
 * not write to is looked at, while it runs.
 */
export class FileWatch {
  readonly #key: InstallationKey | null;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By container, the one that was looked at longest ago first: the stamps of what is not as it was given. */
  readonly #altered = new Map<string, FileStamps>();
  /** By container, the last look that was taken over: one that began earlier may have seen what is past. */
  readonly #newest = new Map<string, number>();
  #looks = 0;

  constructor(parts: FileWatchParts) {
    this.#key = parts.key;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  /** What was found altered in a container; undefined: nothing, as far as it was looked at. */
  alteredIn(id: string): FileStamps | undefined {
    const altered = this.#altered.get(id);
    return altered === undefined || Object.keys(altered).length === 0 ? undefined : altered;
  }

  /** Looks at containers at once whose files have been written anew. */
  async lookAgain(
    client: DockerHost,
    containers: readonly ObservedContainer[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const container of containers) {
      this.#altered.delete(container.id);
      this.#newest.set(container.id, this.#looks + 1);
      if (container.state === 'running') await this.#lookAt(client, container, signal);
    }
  }

  /** Looks at some of the containers that there are. What cannot be read now is left for later. */
  async look(
    client: DockerHost,
    containers: readonly ObservedContainer[],
    signal: AbortSignal,
  ): Promise<void> {
    const watched = containers.filter(
      (container) => container.state === 'running' && this.#watchedIn(container).length > 0,
    );
    const ids = new Set<string>(watched.map(({ id }) => id));
    for (const id of this.#altered.keys()) if (!ids.has(id)) this.#altered.delete(id);
    for (const id of this.#newest.keys()) if (!ids.has(id)) this.#newest.delete(id);
    const fresh = watched.filter(({ id }) => !this.#altered.has(id)).slice(0, firstLook);
    const seen = [...this.#altered.keys()].slice(0, laterLook);
    const turn = watched.filter(({ id }) => seen.includes(id));
    const until = this.#clock.now() + lookMs;
    for (const container of [...fresh, ...turn]) {
      if (this.#clock.now() < until) await this.#lookAt(client, container, signal);
    }
  }

  async #lookAt(
    client: DockerHost,
    container: ObservedContainer,
    signal: AbortSignal,
  ): Promise<void> {
    this.#looks += 1;
    const look = this.#looks;
    const altered: Record<string, string> = {};
    const deadline = { what: 'look at files', ms: lookMs, clock: this.#clock };
    try {
      for (const watched of this.#watchedIn(container)) {
        const asked = { client, container: container.id, ...watched, key: this.#key };
        const found = await withDeadline(deadline, signal, (inner) =>
          readStampsOf({ ...asked, deadlineMs: lookMs, signal: inner }),
        );
        const given: FileStamps = { ...watched.apart, [watched.target]: watched.given };
        for (const [path, stamp] of Object.entries(found)) {
          if (stamp !== given[path]) altered[path] = stamp;
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#logger.debug(
        { container: container.name, error: messageOf(error) },
        'its files cannot be read now',
      );
      return;
    }
    if (look < (this.#newest.get(container.id) ?? 0)) return;
    this.#newest.set(container.id, look);
    this.#altered.delete(container.id);
    this.#altered.set(container.id, altered);
  }

  /** A secret that was sealed with another key cannot be compared. */
  #watchedIn({ labels, told = {} }: ObservedContainer): readonly WatchedFiles[] {
    const own = this.#key === null ? '' : keyName(this.#key);
    return watchedFiles(readStamps(labels), told).filter(({ given }) => {
      const sealed = keyOfStamp(given);
      return !isWritable(given) && (sealed === '' || sealed === own);
    });
  }
}

/** A file or folder that is read as one, with what it was given. */
interface WatchedFiles {
  readonly target: string;
  readonly given: string;
  /** Files of the folder that were given by themselves, by path. */
  readonly apart: FileStamps;
}

function watchedFiles(lasting: FileStamps, told: FileStamps): readonly WatchedFiles[] {
  const folders = Object.entries(lasting).map(([target, given]) => {
    const apart = Object.entries(told).filter(([path]) => isBelow(path, target));
    return { target, given, apart: Object.fromEntries(apart) };
  });
  const within = new Set(folders.flatMap(({ apart }) => Object.keys(apart)));
  const single = Object.entries(told)
    .filter(([target]) => !within.has(target))
    .map(([target, given]) => ({ target, given, apart: {} }));
  return [...folders, ...single];
}
