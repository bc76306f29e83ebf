/** One request to an engine, as it arrives: the path is below the API version. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** A tar archive as the body, instead of JSON. */
  readonly archive: Buffer | null;
}

/**
 * The answer to one request. The body of a refusal is `{ message }` in the engine's own words; those of a log and of a
 * pull are bytes.
 */
export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

/** A request that takes its time. It goes on whether anybody waits for the answer or not. */
export interface Pending {
  /** Never settles when the daemon dies before it has answered, or when it is down. */
  readonly later: Promise<ApiResponse>;
  /** The client has gone: the engine breaks a pull off, and finishes everything else. */
  readonly cancel: () => void;
}

/** Takes the answer to one request, once. */
export type Reply = (response: ApiResponse) => void;

export const noContent: ApiResponse = { status: 204, body: null };
/** What was asked for is so already. */
export const notModified: ApiResponse = { status: 304, body: null };

export function ok(body: unknown): ApiResponse {
  return { status: 200, body };
}

export function created(body: unknown): ApiResponse {
  return { status: 201, body };
}

/** A refusal in the engine's own words. */
export function refusal(status: number, message: string): ApiResponse {
  return { status, body: { message } };
}

export function isPending(answer: ApiResponse | Pending): answer is Pending {
  return 'later' in answer;
}

/** A request that answers later. `start` gets the way to answer; what it returns breaks the work off. */
export function pending(start: (reply: Reply) => (() => void) | null): Pending {
  let cancel: (() => void) | null = null;
  const later = new Promise<ApiResponse>((resolve) => {
    cancel = start(resolve);
  });
  return { later, cancel: () => cancel?.() };
}
