import { expect, it } from 'vitest';

import { backOffMs } from '../../../src/fleet/back-off.ts';
import { demultiplex } from '../../../src/fleet/evidence.ts';
import { updateBody } from '../../../src/fleet/execute-container.ts';
import { splitReference } from '../../../src/fleet/split-reference.ts';

it('backOffMs() doubles from half a second to ten', () => {
  expect([1, 2, 3, 4, 5, 6, 50].map(backOffMs)).toEqual([
    500, 1000, 2000, 4000, 8000, 10_000, 10_000,
  ]);
});

it.each([
  ['web', 'web', 'latest'],
  ['web:2', 'web', '2'],
  ['registry:5000/shop/web', 'registry:5000/shop/web', 'latest'],
  ['registry:5000/shop/web:2', 'registry:5000/shop/web', '2'],
  ['web@sha256:abc', 'web', 'sha256:abc'],
  ['registry:5000/web:2@sha256:abc', 'registry:5000/web', 'sha256:abc'],
])('splitReference() of %s', (image, name, tag) => {
  expect(splitReference(image)).toEqual({ name, tag });
});

it('updateBody() raises swap together with memory and lifts a limit of processes', () => {
  const resources = { memoryBytes: 100, memoryReservationBytes: null, nanoCpus: null, pids: null };

  expect(updateBody(null, resources)).toEqual({ Memory: 100, MemorySwap: 200, PidsLimit: -1 });
});

it('updateBody() of a promotion says nothing but the policy', () => {
  expect(updateBody({ name: 'unless-stopped', maximumRetryCount: 0 }, null)).toEqual({
    RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
  });
});

function frame(stream: number, text: string, length = text.length): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

it('demultiplex() joins the frames of both streams and takes what there is of a cut-off one', () => {
  const bytes = Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n'), frame(1, 'cut', 100)]);

  expect(demultiplex(bytes)).toBe('out\nerr\ncut');
});
