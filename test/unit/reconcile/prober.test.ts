import { describe, expect, it } from 'vitest';

import type { Probe } from '../../../src/model/application.ts';
import { toContainerId } from '../../../src/model/names.ts';
import type { ProbeResult } from '../../../src/model/readiness.ts';
import type { ProbeTarget } from '../../../src/reconcile/probe.ts';
import { probeTarget } from '../../../src/reconcile/probe.ts';
import { Prober } from '../../../src/reconcile/prober.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { listenHttp, listenTcp, type Listening } from './servers.ts';

const container = toContainerId('c1');
const http: Probe = { kind: 'http', port: 8080, path: '/', intervalMs: 20, timeoutMs: 500 };

function target(port: number | null, facts: Partial<ProbeTarget> = {}): ProbeTarget {
  const base = { container, startedAt: 1, probe: http, minHealthyTimeMs: 0 };
  return { ...base, address: '127.0.0.1', port, ...facts };
}

interface Watching extends Disposable {
  readonly prober: Prober;
  readonly result: () => ProbeResult | undefined;
  readonly changes: () => number;
}

function watching(...targets: readonly ProbeTarget[]): Watching {
  let changes = 0;
  const prober = new Prober({
    onChange: () => void (changes += 1),
    clock: { ...systemClock, now: () => 7 },
    probe: probeTarget,
  });
  prober.watch(targets);
  return {
    prober,
    result: () => prober.results().get(container),
    changes: () => changes,
    [Symbol.dispose]: () => prober[Symbol.dispose](),
  };
}

/** A server whose status can be changed, and that counts what it is asked. */
async function aServer(): Promise<Listening & { status: number; asked: number }> {
  const state = { status: 200, asked: 0 };
  const listening = await listenHttp((_request, response) => {
    state.asked += 1;
    response.writeHead(state.status).end();
  });
  return Object.assign(state, listening);
}

describe('Prober', () => {
  it('keeps the last answer, with the start that it is about', async () => {
    await using server = await aServer();
    using watch = watching(target(server.port));

    await expect
      .poll(watch.result)
      .toEqual({ startedAt: 1, ok: true, detail: 'HTTP 200 from /', at: 7 });
  });

  it('calls when an answer differs from the one before, and only then', async () => {
    await using server = await aServer();
    using watch = watching(target(server.port));
    await expect.poll(() => server.asked).toBeGreaterThan(4);
    expect(watch.changes()).toBe(1);

    server.status = 503;

    await expect.poll(watch.changes).toBe(2);
    expect(watch.result()).toMatchObject({ ok: false, detail: 'HTTP 503 from /' });
  });

  it('asks at its interval where something answers', async () => {
    await using server = await aServer();
    using watch = watching(target(server.port, { probe: { ...http, intervalMs: 3_600_000 } }));

    await expect.poll(watch.result).toBeDefined();

    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
    expect(server.asked).toBe(1);
  });

  it('asks more often where nothing listens yet', async () => {
    let connections = 0;
    await using server = await listenTcp((socket) => {
      connections += 1;
      socket.destroy();
    });
    using watch = watching(target(server.port, { probe: { ...http, intervalMs: 3_600_000 } }));

    await expect.poll(() => connections).toBeGreaterThan(2);
    expect(watch.result()).toMatchObject({ ok: false });
  });

  it('probes TCP where the gate says so', async () => {
    await using server = await listenTcp(() => undefined);
    const probe: Probe = { kind: 'tcp', port: 5432, intervalMs: 20, timeoutMs: 500 };
    using watch = watching(target(server.port, { probe }));

    await expect.poll(watch.result).toMatchObject({ ok: true, detail: 'connected on port 5432' });
  });

  it('forgets what it is not to watch any more, and asks no further', async () => {
    await using server = await aServer();
    using watch = watching(target(server.port));
    await expect.poll(watch.result).toBeDefined();

    watch.prober.watch([]);

    expect(watch.result()).toBeUndefined();
    await expect.poll(() => server.open.size).toBe(0);
    const { asked } = server;
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    expect(server.asked).toBe(asked);
  });

  it('goes on with the same target without a break', async () => {
    await using server = await aServer();
    using watch = watching(target(server.port));
    await expect.poll(watch.result).toBeDefined();

    watch.prober.watch([target(server.port)]);

    expect(watch.result()).toBeDefined();
    expect(watch.changes()).toBe(1);
  });

  it.each([
    ['another start', { startedAt: 2 }],
    ['a port that is not known', { port: null }],
  ])('begins anew with %s', async (_name, change) => {
    await using server = await aServer();
    using watch = watching(target(server.port));
    await expect.poll(watch.result).toBeDefined();

    watch.prober.watch([target(server.port, change)]);

    expect(watch.result()).toBeUndefined();
  });

  it('waits for a port to be known', async () => {
    await using server = await aServer();
    using watch = watching(target(null));
    expect(watch.result()).toBeUndefined();

    watch.prober.watch([target(server.port)]);

    await expect.poll(watch.result).toMatchObject({ ok: true });
  });
});
