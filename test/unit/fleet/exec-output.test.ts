import { Readable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { readFrames, readWhole } from '../../../src/fleet/exec-output.ts';

function frame(text: string, stream = 1): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

function inPieces(bytes: Buffer, length: number): Readable {
  const count = Math.ceil(bytes.length / length);
  return Readable.from(
    Array.from({ length: count }, (_, at) => bytes.subarray(at * length, (at + 1) * length)),
  );
}

/** A frame that says it has 4 GB, of which as much comes as somebody takes. */
function endless(): { readonly stream: Readable; readonly taken: () => number } {
  let taken = 0;
  function* pieces(): Generator<Buffer> {
    yield Buffer.from([1, 0, 0, 0, 255, 255, 255, 255]);
    for (; taken < 1_000; taken += 1) yield Buffer.alloc(1_024, 'x');
  }
  return { stream: Readable.from(pieces()), taken: () => taken };
}

const said = Buffer.concat([frame('ä1\n'), frame('no', 2), frame(''), frame(' luck\n')]);

describe('the output of a command', () => {
  it.each([1, 3, 8, 9, 1_000])('is put together from pieces of %i bytes', async (length) => {
    expect(await readFrames(inPieces(said, length))).toBe('ä1\nno luck\n');
    expect((await readWhole(inPieces(said, length), 100))?.toString()).toBe('ä1\nno luck\n');
  });

  it('is its end when it is long', async () => {
    const frames = Array.from({ length: 5_000 }, (_, at) => frame(`line ${at}\n`));
    const text = await readFrames(Readable.from(frames));

    expect(text).toHaveLength(16 * 1024);
    expect(text.endsWith('line 4998\nline 4999\n')).toBe(true);
  });

  it('is not waited for when it has to be whole and is longer than there is room for', async () => {
    const { stream, taken } = endless();

    expect(await readWhole(stream, 10_000)).toBeNull();
    expect(taken()).toBeLessThan(100);
    expect(stream.destroyed).toBe(true);
  });
});
