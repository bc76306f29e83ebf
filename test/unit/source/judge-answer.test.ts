import { describe, expect, it } from 'vitest';

import type { GitAnswer } from '../../../src/source/judge-answer.ts';
import { judgeAnswer } from '../../../src/source/judge-answer.ts';
import { flushPacket, pktLine } from '../../../src/source/pkt-line.ts';

const heading = [pktLine('# service=git-upload-pack\n'), flushPacket];
const oid = '1'.repeat(40);

function advertisement(...parts: readonly Buffer[]): GitAnswer {
  return {
    status: 200,
    contentType: 'application/x-git-upload-pack-advertisement',
    body: Buffer.concat(parts),
  };
}

describe('judgeAnswer()', () => {
  it('passes a list of refs, and one of a repository without any', () => {
    const list = advertisement(
      ...heading,
      pktLine(`${oid} refs/heads/main\0ofs-delta\n`),
      flushPacket,
    );

    expect(() => judgeAnswer(list, 'advertisement', 'h')).not.toThrow();
    expect(() =>
      judgeAnswer(advertisement(...heading, flushPacket), 'advertisement', 'h'),
    ).not.toThrow();
  });

  it.each([
    { status: 401, reason: 'AuthenticationFailed' },
    { status: 403, reason: 'AuthenticationFailed' },
    { status: 404, reason: 'RepositoryNotFound' },
    { status: 429, reason: 'RateLimited' },
    { status: 503, reason: 'GitUnreachable' },
    { status: 418, reason: 'GitProtocol' },
  ])('calls HTTP $status $reason and names the host', ({ status, reason }) => {
    const answer = { ...advertisement(), status };

    expect(() => judgeAnswer(answer, 'advertisement', 'git.example.com')).toThrow(
      expect.objectContaining({ reason, message: expect.stringContaining('git.example.com') }),
    );
  });

  it.each([
    { name: 'a page', answer: { ...advertisement(), contentType: 'text/html' }, why: /text\/html/ },
    {
      name: 'a list that ends before it began',
      answer: advertisement(...heading),
      why: /cut after/,
    },
    {
      name: 'a list without its end',
      answer: advertisement(...heading, pktLine('x')),
      why: /cut after/,
    },
    { name: 'nothing', answer: advertisement(), why: /cut after 0 bytes/ },
    {
      name: 'a complaint',
      answer: advertisement(pktLine('ERR no\nsuch thing'), flushPacket),
      why: /"no such thing"/,
    },
    {
      name: 'a complaint in the third side band',
      answer: advertisement(pktLine('\u0003disk full\n')),
      why: /"disk full"/,
    },
  ])('refuses $name', ({ answer, why }) => {
    expect(() => judgeAnswer(answer, 'advertisement', 'h')).toThrow(why);
  });

  it.each([
    { version: 0, line: `${oid} refs/heads/main\0ofs-delta object-format=sha256 agent=git/2\n` },
    { version: 2, line: 'object-format=sha256\n' },
  ])('says that SHA-256 is not supported, version $version', ({ line }) => {
    const answer = advertisement(...heading, pktLine(line), flushPacket);

    expect(() => judgeAnswer(answer, 'advertisement', 'h')).toThrow(
      expect.objectContaining({ reason: 'UnsupportedRepository' }),
    );
  });
});
