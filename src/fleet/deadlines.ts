/** How long each kind of call may take, in milliseconds. */
export interface Deadlines {
  /** A ping; two in a row that pass it make the host unreachable. */
  readonly ping: number;
  /** One read. */
  readonly read: number;
  /** The full list of a host, inspects included. */
  readonly list: number;
  /** One mutation; a stop has the grace of its container on top. */
  readonly mutation: number;
  /** One pull of an image. */
  readonly pull: number;
}

export const defaultDeadlines: Deadlines = {
  ping: 3_000,
  read: 10_000,
  list: 10_000,
  mutation: 60_000,
  pull: 15 * 60_000,
};

/** What a stop may take beyond the grace that the container is given. */
export const stopMarginMs = 15_000;
