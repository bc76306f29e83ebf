const firstMs = 500;
const lastMs = 10_000;

/** How long to wait before the next try to reach a host, after `failures` failed tries in a row: 0.5 s, doubling to 10 s. */
export function backOffMs(failures: number): number {
  return Math.min(lastMs, firstMs * 2 ** Math.max(0, failures - 1));
}
