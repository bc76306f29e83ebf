import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { flushPacket, pktLine, splitPktLines } from '../../../src/source/pkt-line.ts';

describe('splitPktLines()', () => {
  it('gives back the packets that were framed', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (texts) => {
        const bytes = Buffer.concat([...texts.map(pktLine), flushPacket]);
        const { lines, isComplete } = splitPktLines(bytes);

        expect(lines.map((line) => line && Buffer.from(line).toString())).toEqual([...texts, null]);
        expect(isComplete).toBe(true);
      }),
    );
  });

  it('takes no proper prefix of an answer for complete', () => {
    const bytes = Buffer.concat([pktLine('one\n'), pktLine('two\n'), flushPacket]);
    for (let at = 0; at < bytes.length; at += 1) {
      expect(splitPktLines(bytes.subarray(0, at)).isComplete).toBe(false);
    }
  });

  it.each(['0003', 'zzzz0000', '00041', '0001', '<html>0000'])(
    'takes %j for incomplete',
    (text) => {
      expect(splitPktLines(Buffer.from(text)).isComplete).toBe(false);
    },
  );
});
