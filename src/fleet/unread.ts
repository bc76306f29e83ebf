import type { Dirty } from './dirty.ts';
import { clean, mergeDirty } from './dirty.ts';

/** What events said has changed and nobody has read yet, and which containers are left to the steps at work on them. */
export class Unread {
  #dirty: Dirty = clean;
  readonly #left = new Set<{ readonly containers: ReadonlySet<string> }>();

  add(dirty: Dirty): void {
    this.#dirty = mergeDirty(this.#dirty, dirty);
  }

  /** Everything is about to be read. */
  clear(): void {
    this.#dirty = clean;
  }

  /** What is to be read now, or null. The containers that are left to a step stay unread. */
  take(): Dirty | null {
    const { containers, networks, volumes, images } = this.#dirty;
    const free = [...containers].filter((container) => !this.#isLeft(container));
    if (free.length === 0 && !networks && !volumes && !images) return null;
    const taken = { ...clean, containers: new Set(free), networks, volumes, images };
    this.cover(taken);
    return taken;
  }

  /** Something else reads this from now on, and so whatever was said of it until now. */
  cover(read: Dirty): void {
    const { containers, networks, volumes, images } = this.#dirty;
    this.#dirty = {
      ...clean,
      containers: new Set([...containers].filter((container) => !read.containers.has(container))),
      networks: networks && !read.networks,
      volumes: volumes && !read.volumes,
      images: images && !read.images,
    };
  }

  /** Leaves containers to a step, until the function that it returns is called. */
  leave(containers: ReadonlySet<string>): () => void {
    const left = { containers };
    this.#left.add(left);
    return () => this.#left.delete(left);
  }

  #isLeft(container: string): boolean {
    return [...this.#left].some(({ containers }) => containers.has(container));
  }
}
