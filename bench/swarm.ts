import { setTimeout as sleep } from 'node:timers/promises';

import type Docker from 'dockerode';

import { run } from '../src/sandbox/command.ts';
import { connectEngine } from '../src/sandbox/sandbox-host.ts';
import type { Ground, Roll } from './workload.ts';
import { healthcheckBody, images, port, timeRoll } from './workload.ts';

/** A rolling update by `docker service update`, start-first, without any delay or time of observation of its own. */
export async function rollSwarm(ground: Ground, parallelism: number): Promise<Roll> {
  await using engine = await joinSwarm(ground);
  await createService(engine.client, ground);
  const { host, signal } = ground;
  const options: Readonly<Record<string, string>> = {
    image: images.after,
    'update-parallelism': String(parallelism),
    'update-order': 'start-first',
    'update-delay': '0s',
    'update-monitor': '1ns',
    detach: 'false',
    quiet: 'true',
    'no-resolve-image': 'true',
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  return await timeRoll(ground, async () => {
    await run('docker', ['service', 'update', ...flags, 'web'], { env: { ...host.env }, signal });
    return null;
  });
}

interface SwarmEngine extends AsyncDisposable {
  readonly client: Docker;
}

/** A swarm of one engine, until it is disposed of. */
async function joinSwarm({ host }: Ground): Promise<SwarmEngine> {
  const client = connectEngine(host);
  const { address } = host;
  await client.swarmInit({ ListenAddr: `${address}:2377`, AdvertiseAddr: address });
  return {
    client,
    [Symbol.asyncDispose]: async () => {
      await client.swarmLeave({ force: true });
      // The containers of a swarm that was left go by themselves, a moment later.
      for (let look = 0; look < 200; look += 1) {
        const left = await client.listContainers({ all: true });
        if (left.length === 0) return;
        await sleep(50);
      }
    },
  };
}

async function createService(engine: Docker, { workload }: Ground): Promise<void> {
  // The same kind of network as all other sides have: an overlay would cost more.
  const network = { Name: 'bench', Driver: 'bridge', Scope: 'swarm' };
  await engine.createNetwork(network);
  const healthcheck = healthcheckBody(workload);
  await engine.createService({
    Name: 'web',
    TaskTemplate: {
      ContainerSpec: {
        Image: images.before,
        ...(healthcheck === undefined ? {} : { HealthCheck: healthcheck }),
      },
      Networks: [{ Target: network.Name }],
    },
    Mode: { Replicated: { Replicas: workload.replicas } },
    EndpointSpec: {
      Mode: 'dnsrr',
      Ports: [{ Protocol: 'tcp', TargetPort: port, PublishMode: 'host' }],
    },
  });
}
