/** The time as the operator sees it. */
export interface Clock {
  /** Milliseconds since the epoch, whole. It never goes back while the process lives, whatever happens to the wall clock. */
  now(): number;
  /** Calls back once, `ms` milliseconds from now (at once when negative). Returns the way to cancel that. */
  after(ms: number, callback: () => void): () => void;
}
