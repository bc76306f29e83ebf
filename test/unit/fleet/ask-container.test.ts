import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';

import { afterEach, expect, it } from 'vitest';

import { askContainer } from '../../../src/fleet/ask-container.ts';
import type { CommandEnd } from '../../../src/fleet/fleet.ts';
import { toContainerId } from '../../../src/model/names.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { clientOf, closeServers } from '../../support/engine-server.ts';

const never = new AbortController().signal;
const id = toContainerId('f'.repeat(64));

afterEach(closeServers);

interface Asked {
  readonly end: CommandEnd;
  /** The body with which the command was made. */
  readonly made: unknown;
}

/** @param output what the command prints; null: it never ends */
async function ask(output: string | null, exitCode: number, ms = 10_000): Promise<Asked> {
  let made: unknown = null;
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      const path = request.url ?? '';
      if (path.endsWith(`/containers/${id}/exec`)) {
        made = JSON.parse(body);
        return response.end(JSON.stringify({ Id: 'e1' }));
      }
      if (path.endsWith('/exec/e1/json'))
        return response.end(JSON.stringify({ ExitCode: exitCode }));
      response.writeHead(200, { 'content-type': 'application/vnd.docker.raw-stream' });
      return output === null ? response.flushHeaders() : response.end(frame(output));
    });
  };
  const { client } = await clientOf(listener);
  const end = await askContainer(
    client,
    id,
    ['a', 'b'],
    { clock: systemClock, ms },
    new Map(),
    never,
  );
  return { end, made };
}

function frame(said: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = 1;
  head.writeUInt32BE(Buffer.byteLength(said), 4);
  return Buffer.concat([head, Buffer.from(said)]);
}

it('a program in a container is asked, and all of its answer is kept', async () => {
  const long = 'x'.repeat(100_000);

  expect(await ask(long, 3)).toEqual({
    end: { exitCode: 3, output: Buffer.from(long) },
    made: { AttachStdout: true, AttachStderr: true, Cmd: ['a', 'b'] },
  });
});

it('a program that does not answer is not waited for beyond the deadline', async () => {
  await expect(ask(null, 0, 50)).rejects.toThrow(/no answer within 0.05 s/);
});
