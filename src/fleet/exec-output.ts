import type { Readable } from 'node:stream';

/** Of a longer output the end is kept: there stands why it failed. */
const keptBytes = 16 * 1024;
const headBytes = 8;

/** The text of a stream of frames, or its end. */
export async function readFrames(stream: Readable): Promise<string> {
  let kept: Buffer[] = [];
  let bytes = 0;
  for await (const payload of payloadsOf(stream)) {
    kept.push(payload);
    bytes += payload.length;
    if (bytes < 2 * keptBytes) continue;
    kept = [Buffer.concat(kept).subarray(-keptBytes)];
    bytes = keptBytes;
  }
  return Buffer.concat(kept).subarray(-keptBytes).toString('utf8');
}

/** All that is in a stream of frames; null: it is longer, and the rest of it was not waited for. */
export async function readWhole(stream: Readable, mostBytes: number): Promise<Buffer | null> {
  const whole: Buffer[] = [];
  let bytes = 0;
  for await (const payload of payloadsOf(stream)) {
    bytes += payload.length;
    if (bytes > mostBytes) return null;
    whole.push(payload);
  }
  return Buffer.concat(whole);
}

/**
 * What is in frames of `[stream, 0, 0, 0, length (4 bytes, big endian)]` and payload, as it comes: a frame is not waited for,
 * since it may say that it is longer than all that there is room for.
 */
async function* payloadsOf(stream: Readable): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of stream) {
    let rest = chunk as Buffer;
    while (rest.length > 0) {
      const missing = left > 0 ? left : headBytes - head.length;
      const part = rest.subarray(0, missing);
      rest = rest.subarray(missing);
      if (left > 0) {
        left -= part.length;
        yield part;
        continue;
      }
      head = Buffer.concat([head, part]);
      if (head.length < headBytes) continue;
      left = head.readUInt32BE(4);
      head = Buffer.alloc(0);
    }
  }
}
