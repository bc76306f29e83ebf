/**
 * What the program in an image does, counted in milliseconds of its own run: a paused program stands still. Nothing said
 * means a good program, which serves at once and exits with 0 as soon as it is told to.
 */
export interface Behaviour {
  /** The port is not bound before. */
  readonly listensAfterMs?: number;
  /** Answers 503 before; null: always. */
  readonly readyAfterMs?: number | null;
  /** Answers 503 from then on. */
  readonly failsAfterMs?: number;
  /** Once ready, it is so for this long, then not so for this long, and so on. */
  readonly flapsEveryMs?: number;
  /** Takes connections and never answers from then on. */
  readonly hangsAfterMs?: number;
  /** The HEALTHCHECK passes as soon as the port is bound, ready or not; `failsAfterMs` holds for it too. */
  readonly checksOnlyLife?: boolean;
  readonly exits?: { readonly afterMs: number; readonly code: number };
  /** Killed by the kernel for its memory. */
  readonly outOfMemoryAfterMs?: number;
  readonly ignoresTerm?: boolean;
  /** From SIGTERM to its exit. */
  readonly stopsInMs?: number;
  /** It takes commands as HAProxy does. */
  readonly isHaproxy?: boolean;
  /** It behaves otherwise on the host of this name. */
  readonly onHost?: { readonly name: string; readonly behaviour: Behaviour };
}

/** What a program is started with. */
export interface Invocation {
  readonly argv: readonly string[];
  /** The environment with what the image sets. */
  readonly environment: readonly string[];
}

/** What answers on a port now. */
export type PortAnswer = 'ok' | 'refused' | 'http-503' | 'timeout';

/** What a program answers on its port after `elapsedMs`. */
export function answerOf(behaviour: Behaviour, elapsedMs: number): PortAnswer {
  if (elapsedMs < (behaviour.listensAfterMs ?? 0)) return 'refused';
  if (isPast(behaviour.hangsAfterMs, elapsedMs)) return 'timeout';
  return isReady(behaviour, elapsedMs) ? 'ok' : 'http-503';
}

/** What its HEALTHCHECK finds after `elapsedMs`, in the same words. */
export function healthOf(behaviour: Behaviour, elapsedMs: number): PortAnswer {
  const answer = answerOf(behaviour, elapsedMs);
  if (answer !== 'http-503' || behaviour.checksOnlyLife !== true) return answer;
  return isPast(behaviour.failsAfterMs, elapsedMs) ? 'http-503' : 'ok';
}

/** When one of the two answers changes next, counted from the start of the program; null: never. */
export function nextChange(behaviour: Behaviour, elapsedMs: number): number | null {
  const { listensAfterMs, readyAfterMs, failsAfterMs, hangsAfterMs, flapsEveryMs } = behaviour;
  const moments = [listensAfterMs, readyAfterMs, failsAfterMs, hangsAfterMs].filter(
    (moment): moment is number => typeof moment === 'number' && moment > elapsedMs,
  );
  const readyAt = readyAfterMs ?? 0;
  if (flapsEveryMs !== undefined && readyAfterMs !== null && elapsedMs >= readyAt) {
    const phases = Math.floor((elapsedMs - readyAt) / flapsEveryMs) + 1;
    moments.push(readyAt + phases * flapsEveryMs);
  }
  return moments.length === 0 ? null : Math.min(...moments);
}

function isReady(behaviour: Behaviour, elapsedMs: number): boolean {
  const { readyAfterMs = 0, flapsEveryMs } = behaviour;
  if (readyAfterMs === null || elapsedMs < readyAfterMs) return false;
  if (isPast(behaviour.failsAfterMs, elapsedMs)) return false;
  if (flapsEveryMs === undefined) return true;
  return Math.floor((elapsedMs - readyAfterMs) / flapsEveryMs) % 2 === 0;
}

function isPast(moment: number | undefined, elapsedMs: number): boolean {
  return moment !== undefined && elapsedMs >= moment;
}
