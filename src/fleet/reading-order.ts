/**
 * Numbers readings in the order in which they were asked for, so that of two that overlap the older answer never replaces
 * the newer one, whichever comes first.
 */
export class ReadingOrder {
  #asked = 0;
  #open = 0;
  /** The newest reading that was taken over, by what it was about. */
  readonly #newest = new Map<string, number>();

  /** Runs a reading, which is asked for now, under its number. */
  async run(read: (reading: number) => Promise<void>): Promise<void> {
    this.#asked += 1;
    this.#open += 1;
    try {
      await read(this.#asked);
    } finally {
      this.#open -= 1;
      // Whatever is asked for from now on is newer than all of this.
      if (this.#open === 0) this.#newest.clear();
    }
  }

  /** Whether the answer of this reading is to be taken over; false when one that was asked for later has been. */
  takes(subject: string, reading: number): boolean {
    if (reading < (this.#newest.get(subject) ?? 0)) return false;
    this.#newest.set(subject, reading);
    return true;
  }
}
