import { describe, expect, it } from 'vitest';

import {
  advertisedCommit,
  readAdvertisement,
  withHead,
  withoutPeeled,
} from '../../../src/source/advertisement.ts';
import { flushPacket, pktLine } from '../../../src/source/pkt-line.ts';

const heading = [pktLine('# service=git-upload-pack\n'), flushPacket];
const oid = '1'.repeat(40);
const main = pktLine(`${oid} refs/heads/main\0ofs-delta\n`);
const tag = pktLine(`${'2'.repeat(40)} refs/tags/v1\n`);
const peeled = pktLine(`${oid} refs/tags/v1^{}\n`);

function list(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...heading, ...parts, flushPacket]);
}

describe('advertisedCommit()', () => {
  it.each([
    { name: 'a branch', ref: 'refs/heads/main', commit: oid },
    { name: 'an annotated tag', ref: 'refs/tags/v1', commit: oid },
    { name: 'a ref that is not there', ref: 'refs/tags/v', commit: undefined },
  ])('finds $name', ({ ref, commit }) => {
    expect(advertisedCommit(readAdvertisement(list(main, tag, peeled)), ref)).toBe(commit);
  });
});

describe('withHead()', () => {
  it('adds the tip as HEAD to a list without one', () => {
    const added = list(main, pktLine(`${oid} HEAD\n`));

    expect(withHead(readAdvertisement(list(main)), oid)).toEqual(added);
  });

  it.each([
    { name: 'a list with a HEAD', parts: [pktLine(`${oid} HEAD\0ofs-delta\n`), main], tip: oid },
    { name: 'a list in which nothing is wanted', parts: [main], tip: undefined },
  ])('leaves $name as it is', ({ parts, tip }) => {
    const body = list(...parts);

    expect(withHead(readAdvertisement(body), tip)).toBe(body);
  });
});

it('withoutPeeled() leaves out what tags lead to, and nothing else', () => {
  expect(withoutPeeled(list(main, tag, peeled))).toEqual(list(main, tag));
});
