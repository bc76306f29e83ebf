import { setTimeout as wait } from 'node:timers/promises';

import { readCredentials } from '../../src/fleet/credentials.ts';
import { eventFilters } from '../../src/fleet/dirty.ts';
import { EngineClient } from '../../src/fleet/engine-client.ts';
import { readJsonLines } from '../../src/fleet/json-lines.ts';
import type { WireContainer, WireEvent } from '../../src/fleet/wire.ts';
import type { Endpoint } from '../../src/model/fleet.ts';
import { toHostName } from '../../src/model/names.ts';
import { systemClock } from '../../src/reconcile/system-clock.ts';
import type { SandboxHost } from '../../src/sandbox/sandbox-host.ts';
import { eventually } from '../support/eventually.ts';
import { clearHosts, sharedSandbox, shellOf } from '../support/sandbox.ts';
import { never } from './engine-shell.ts';
import type { HostBench } from './host-bench.ts';

/** How an engine is reached. */
interface Way {
  readonly endpoint: Endpoint;
  readonly credentialsDir: string;
}

function directly(host: SandboxHost): Way {
  const { hostname, port } = new URL(host.endpoint);
  return {
    endpoint: { kind: 'tcp', host: hostname, port: Number(port), tls: true },
    credentialsDir: sharedSandbox().credentials,
  };
}

/** A real engine of the sandbox, through the client that the operator uses. */
export async function realBench(
  host: SandboxHost,
  { endpoint, credentialsDir }: Way = directly(host),
): Promise<HostBench> {
  const credentials = await readCredentials(credentialsDir, {
    name: toHostName(host.name),
    endpoint,
  });
  const client = new EngineClient(endpoint, credentials, systemClock, () => undefined);
  await client.negotiate(10_000, never);
  return {
    host: client,
    sleep: (ms) => wait(ms),
    restartDaemon: async () => {
      await host.killEngine();
      await wait(500);
      await host.startEngine();
    },
    powerCycle: () => host.powerCycle(),
    killProgram: async (id) => {
      const path = `/containers/${id}/json`;
      const request = { what: 'inspect', path, deadlineMs: 10_000, signal: never };
      const { State } = await client.json<WireContainer & { State: { Pid: number } }>(request);
      process.kill(State.Pid, 'SIGKILL');
    },
    eventsDuring: async (act) => {
      const events: WireEvent[] = [];
      const following = new AbortController();
      const query = { filters: eventFilters };
      const { signal } = following;
      const request = { what: 'follow events', path: '/events', query, deadlineMs: 10_000, signal };
      const stream = await client.stream(request);
      const taken = takeAll(stream, events);
      // The engine answers before it begins to listen to itself, and tells of the last a moment later.
      await untilEventsTell(host, events, marks[0]);
      await act();
      await wait(500);
      await untilEventsTell(host, events, marks[1]);
      following.abort();
      await taken;
      return events.filter((event) => !marks.some((mark) => isOf(mark, event)));
    },
    clear: async () => {
      await clearHosts([host]);
      const images = await shellOf(host).listImages();
      const names = images.flatMap(({ RepoTags }) => RepoTags ?? []);
      for (const name of names.filter((name) => name.startsWith('contract:'))) {
        await shellOf(host).getImage(name).remove();
      }
    },
  };
}

/** Networks whose events stand at the begin and at the end of others. */
const marks = ['contract-begin', 'contract-end'] as const;

function isOf(mark: string, { Actor }: WireEvent): boolean {
  return Actor?.Attributes?.['name'] === mark;
}

/** Makes a network and removes it, until events tell of that. */
async function untilEventsTell(
  host: SandboxHost,
  events: readonly WireEvent[],
  mark: string,
): Promise<void> {
  await eventually(`the events of ${mark}`, async () => {
    const network = await shellOf(host).createNetwork({ Name: mark });
    await network.remove();
    await wait(100);
    return events.some((event) => event.Action === 'destroy' && isOf(mark, event)) ? true : null;
  });
}

async function takeAll(
  stream: Parameters<typeof readJsonLines>[0],
  events: WireEvent[],
): Promise<void> {
  try {
    for await (const event of readJsonLines(stream)) events.push(event as WireEvent);
  } catch {
    // It was ended from here.
  }
}
