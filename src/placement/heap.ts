/** A binary heap in an array: the least comes first. */

/** Orders any array as a heap. */
export function heapify<T>(heap: T[], compare: (a: T, b: T) => number): void {
  for (let index = (heap.length >> 1) - 1; index >= 0; index -= 1) sink(heap, index, compare);
}

/** Brings an entry that has grown back to its place. */
export function sink<T>(heap: T[], from: number, compare: (a: T, b: T) => number): void {
  let index = from;
  for (;;) {
    let least = index;
    for (const child of [2 * index + 1, 2 * index + 2]) {
      const [entry, other] = [heap[child], heap[least]];
      if (entry !== undefined && other !== undefined && compare(entry, other) < 0) least = child;
    }
    const [moved, risen] = [heap[index], heap[least]];
    if (least === index || moved === undefined || risen === undefined) return;
    heap[index] = risen;
    heap[least] = moved;
    index = least;
  }
}

export function removeLeast<T>(heap: T[], compare: (a: T, b: T) => number): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  sink(heap, 0, compare);
}
