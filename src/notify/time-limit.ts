/** Aborts when another signal does, or when the time is over, with a `TimeoutError`. Disposing of it takes the timer back. */
export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
}

/** Beside `AbortSignal.any`, which may lose a timeout that nothing else refers to. */
export function timeLimit(outer: AbortSignal, ms: number): TimeLimit {
  const controller = new AbortController();
  const stop = (): void => controller.abort(outer.reason);
  const timer = setTimeout(() => {
    controller.abort(new DOMException('The time is over', 'TimeoutError'));
  }, ms);
  outer.addEventListener('abort', stop, { once: true });
  if (outer.aborted) stop();
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', stop);
    },
  };
}
