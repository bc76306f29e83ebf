import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import type Docker from 'dockerode';

import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import type { HostDescription } from '../src/sandbox/sandbox-host.ts';

/** How a bare script knows that a container is ready. */
export interface BareGate extends AsyncDisposable {
  readonly healthcheck?: Docker.HealthConfig;
  /**
   * To be called before the container is started.
   *
   * @returns waits until the container is ready, and gives the number of Engine calls that this took
   */
  watch(container: Docker.Container): () => Promise<number>;
}

const patienceMs = 60_000;

/** Asks `/ready` through the published port. */
export function probeGate(host: HostDescription, intervalMs: number): BareGate {
  return {
    watch: (container) => async () => {
      const { NetworkSettings } = await container.inspect();
      const port = Number(NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort);
      while (!(await answers(host.address, port))) await sleep(intervalMs);
      return 1;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Waits for the event that the engine's HEALTHCHECK passed, all containers on one stream. */
export async function healthGate(
  host: HostDescription,
  healthcheck: Docker.HealthConfig,
  signal: AbortSignal,
): Promise<BareGate> {
  const filters = JSON.stringify({ type: ['container'], event: ['health_status'] });
  // The stream is a response: its type leaves out that it can be ended.
  const events = (await connectEngine(host).getEvents({ filters })) as NodeJS.ReadableStream & {
    destroy(): void;
  };
  const waiting = new Map<string, () => void>();
  createInterface({ input: events }).on('line', (line) => {
    const event = JSON.parse(line) as { readonly id: string; readonly status: string };
    if (event.status === 'health_status: healthy') waiting.get(event.id)?.();
  });
  return {
    healthcheck,
    watch: (container) => {
      const healthy = new Promise<true>((resolve) => {
        waiting.set(container.id, () => resolve(true));
      });
      return async () => {
        const late = sleep(patienceMs, false as const, { signal, ref: false });
        if (await Promise.race([healthy, late])) return 0;
        throw new Error(`Container ${container.id} is not healthy after ${patienceMs / 1000} s`);
      };
    },
    [Symbol.asyncDispose]: async () => {
      events.destroy();
    },
  };
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = request(
      { host, port, path: '/ready', agent: false, timeout: 1_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    ask.on('error', () => resolve(false));
    ask.end();
  });
}
