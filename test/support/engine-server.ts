import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EngineClient } from '../../src/fleet/engine-client.ts';
import { systemClock } from '../../src/reconcile/system-clock.ts';

const cleanups: (() => Promise<unknown>)[] = [];

/** A client of a server that behaves as told, on a unix socket. */
export async function clientOf(
  listener: RequestListener,
): Promise<{ readonly client: EngineClient; readonly calls: () => number }> {
  const dir = await mkdtemp(join(tmpdir(), 'fleetwright-'));
  const path = join(dir, 'docker.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  let calls = 0;
  const client = new EngineClient({ kind: 'unix', path }, null, systemClock, () => {
    calls += 1;
  });
  cleanups.push(async () => {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });
  return { client, calls: () => calls };
}

/** Ends all servers of clientOf(): for afterEach. */
export async function closeServers(): Promise<void> {
  for (const cleanup of cleanups.splice(0)) await cleanup();
}
