import type { HttpClient } from 'isomorphic-git';

/**
 * How the server of one repository is spoken to. It hands over whole, judged answers only, and it adds the credentials
 * itself, so that isomorphic-git never sees them: they reach no config file and no error.
 */
export interface Transport extends AsyncDisposable {
  /** The repository as isomorphic-git is told of it: always http(s), whatever is spoken in truth. */
  readonly url: string;
  /** The server, as messages name it. */
  readonly host: string;
  /**
   * Begins what belongs together: a list of refs, and what is then asked for or sent. All of it is ended by the signal.
   * Its requests are rejected with StalledError `AuthenticationFailed`, `RepositoryNotFound`, `UnsupportedRepository`,
   * `HostKeyUnknown` or `HostKeyChanged`, or TransientError `GitUnreachable` or `GitProtocol`.
   */
  converse(signal: AbortSignal): Conversation;
}

/** Requests of Git's smart HTTP protocol, as isomorphic-git makes them of its plugin. */
export interface Conversation extends HttpClient, AsyncDisposable {}

/** How patient a transport is, and what it takes at most. */
export interface TransportLimits {
  /** A server that sends nothing for this long is given up. */
  readonly idleTimeoutMs: number;
  /** For one answer, from asking to its last byte. */
  readonly totalTimeoutMs: number;
  readonly maxAnswerBytes: number;
}
