import type { Readable } from 'node:stream';

/** Of a longer output the end is kept: there stands why it failed. */
const usualChars = 16 * 1024;

/** The text of a stream in frames of `[stream, 0, 0, 0, length (4 bytes, big endian)]` and payload, or its end. */
export async function readFrames(stream: Readable, keptChars = usualChars): Promise<string> {
  let rest: Buffer = Buffer.alloc(0);
  let text = '';
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    while (at + 8 <= rest.length && at + 8 + rest.readUInt32BE(at + 4) <= rest.length) {
      const end = at + 8 + rest.readUInt32BE(at + 4);
      text = (text + rest.subarray(at + 8, end).toString('utf8')).slice(-keptChars);
      at = end;
    }
    rest = rest.subarray(at);
  }
  return text;
}
