/** An object is larger than who reads it takes. */
export class TooLargeError extends RangeError {
  /** Bytes that the object has. */
  readonly size: number;

  constructor(size: number) {
    super(`an object of ${size} bytes is too large`);
    this.size = size;
  }
}
