/** Aborted by the first signal that ends a program, so that engines are taken down before it ends. */
export const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interruption.abort(new Error(`Interrupted by ${signal}`)));
}
