import type { Logger } from 'pino';

import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import { isWritable, keyOfStamp, readStamps, type FileStamps } from '../model/file-stamps.ts';
import type { ObservedContainer } from '../model/observation.ts';
import { keyName, type InstallationKey } from '../model/sealed.ts';
import { withDeadline } from './deadline.ts';
import type { DockerHost } from './docker-host.ts';
import { readStamp } from './read-stamp.ts';

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
    const altered: Record<string, string> = {};
    const deadline = { what: 'look at files', ms: lookMs, clock: this.#clock };
    try {
      for (const [target, given] of this.#watchedIn(container)) {
        const asked = { client, container: container.id, target, given, key: this.#key };
        const found = await withDeadline(deadline, signal, (inner) =>
          readStamp({ ...asked, deadlineMs: lookMs, signal: inner }),
        );
        if (found !== given) altered[target] = found;
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#logger.debug(
        { container: container.name, error: messageOf(error) },
        'its files cannot be read now',
      );
      return;
    }
    this.#altered.delete(container.id);
    this.#altered.set(container.id, altered);
  }

  /** A secret that was sealed with another key cannot be compared. */
  #watchedIn({ labels }: ObservedContainer): readonly (readonly [string, string])[] {
    const own = this.#key === null ? '' : keyName(this.#key);
    return Object.entries(readStamps(labels)).filter(([, stamp]) => {
      const sealed = keyOfStamp(stamp);
      return !isWritable(stamp) && (sealed === '' || sealed === own);
    });
  }
}
