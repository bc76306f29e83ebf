import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { pack } from 'tar-stream';
import { expect, it } from 'vitest';

import type { DockerHost } from '../../../src/fleet/docker-host.ts';
import { readStampsOf } from '../../../src/fleet/read-stamp.ts';
import { never } from '../../support/engine-fleet.ts';

/** Reads from an engine that answers with this stream. */
async function readFrom(answer: PassThrough): Promise<string | undefined> {
  const client = { stream: async () => answer } as unknown as DockerHost;
  const asked = {
    container: 'c',
    target: '/f',
    given: '',
    apart: {},
    key: null,
    deadlineMs: 1,
    signal: never,
  };
  return (await readStampsOf({ client, ...asked }))['/f'];
}

async function archiveOf(bytes: number): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'f' }, Buffer.alloc(bytes));
  archive.finalize();
  return buffer(archive);
}

it('an answer that breaks off in the middle of a file is an error, and nobody waits for its rest', async () => {
  const answer = new PassThrough();
  answer.write((await archiveOf(1_000)).subarray(0, 700));
  setImmediate(() => answer.destroy(new Error('socket hang up')));

  await expect(readFrom(answer)).rejects.toThrow('socket hang up');
});

it('a file that is larger than any that was delivered is not read to the end', async () => {
  const answer = new PassThrough();
  answer.write(await archiveOf(20 * 1024 * 1024));

  await expect(readFrom(answer)).resolves.toBe('too large');

  expect(answer.destroyed).toBe(true);
});
