/** The longest wait between two polls of a repository that does not answer. */
const maxBackOffMs = 5 * 60_000;

/**
 * How long to wait before the next poll: the interval, doubled by each failure in a row up to five minutes, and spread by a
 * tenth to both sides so that many operators do not ask one server at the same moment.
 *
 * @param random between 0 and 1
 */
export function pollDelayMs(intervalMs: number, failures: number, random: number): number {
  const limit = Math.max(intervalMs, maxBackOffMs);
  const delay = Math.min(limit, intervalMs * 2 ** Math.min(failures, 20));
  return Math.round(delay * (0.9 + 0.2 * random));
}
